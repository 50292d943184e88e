// The frame: languages, banner, the end of the interview, and a door for tests.

function banner() {
  const { ready, reasons, status, id } = data.languages[state.language];
  document.documentElement.lang = id;
  const title = spoken(data.title).text || data.id,
    pilot = seen('pilot');
  document.title = ready ? title : `${say('pilot')}: ${title}`;
  seen('title').replaceChildren(...pieces(title, 0));
  seen('version').textContent = `${data.id} ${data.version}`;
  pilot.hidden = ready;
  pilot.replaceChildren(
    el('strong', {}, say('pilot')),
    ' ',
    status === 'source' ? '' : el('span', {}, say(`status_${status}`)),
    el(
      'details',
      {},
      el('summary', {}, say('why')),
      el(
        'ul',
        { lang: 'en' },
        reasons.map(one => el('li', {}, one)),
      ),
    ),
  );
  for (const box of document.querySelectorAll('[data-word]')) box.textContent = say(box.dataset.word);
  for (const box of document.querySelectorAll('[data-name]')) box.setAttribute('aria-label', say(box.dataset.name));
}

function languages() {
  seen('languages').append(
    ...data.languages.map(({ id, name }, at) =>
      el(
        'label',
        { lang: id },
        el('input', {
          type: 'radio',
          name: 'language',
          value: id,
          checked: at === state.language,
          onchange: () => speak(at),
        }),
        el('span', {}, name),
      ),
    ),
  );
}

// Change the language; answers, place and focus stay.
function speak(at) {
  state.language = at;
  banner();
  draw(false);
  buildPanel();
  refresh();
}

function endScreen(screens) {
  const open = data.items
    .filter(item => !DRAWN.includes(item.type) && item.type !== 'calculated' && !item.optional)
    .flatMap(keysOf)
    .filter(key => walked.open.get(key) === true && standing(key) === null);
  const list = open
    .slice(0, 40)
    .map(key => el('li', {}, el('button', { type: 'button', class: 'quiet', onclick: () => jump(key) }, key)));
  return [
    el('h2', { tabindex: -1 }, say('done')),
    el('p', {}, say('done_told', { number: screens.length, minutes: minutes().total.toFixed(1) })),
    open.length
      ? el('div', {}, el('p', {}, say('unanswered', { number: open.length })), el('ul', { class: 'open-items' }, list))
      : el('p', {}, say('all_answered')),
    el('p', {}, say('test_only')),
  ];
}

function togglePanel(open) {
  seen('panel').hidden = !open;
  seen('toggle').setAttribute('aria-expanded', String(open));
}

// The door for tests. `surveyPreview.settle({age: 30, 'sex[2]': 1})` walks through the questionnaire with these answers
// and gives {open: {key: true, false or null}, refused: {key: why}, values: {key: computed value or null}, members:
// {module: number}}; an answer that is refused counts as none. `replay([...])` does so for many. `state()` gives the
// same for what stands on the page.
window.surveyPreview = Object.freeze({
  settle: answers => told(settle(key => (key in answers ? answers[key] : null))),
  replay: many => many.map(answers => window.surveyPreview.settle(answers)),
  state: () => ({
    ...told(settle(given)),
    answers: Object.fromEntries(state.answers),
    place: state.place,
    draws: Object.fromEntries(
      data.items
        .filter(item => DRAWN.includes(item.type))
        .flatMap(keysOf)
        .map(key => [key, given(key)]),
    ),
    minutes: minutes().total,
    screens: openScreens().map(one => one.key),
  }),
  drawn: (id, seed) => drawn(byId.get(id), id, seed),
  orders: () => orderedModules().map(module => module.id),
});

function told(one) {
  const values = {};
  for (const item of data.items.filter(each => each.type === 'calculated')) {
    for (const [key, column] of one.columns)
      if (key.split('[')[0] === item.id) values[key] = column.known ? column.value : null;
  }
  return {
    open: Object.fromEntries(one.open),
    refused: Object.fromEntries(one.refused),
    values,
    members: Object.fromEntries(one.members),
  };
}

languages();
banner();
seen('interview').addEventListener('submit', event => {
  event.preventDefault();
  goOn();
});
seen('back').addEventListener('click', () => move(-1));
seen('toggle').addEventListener('click', () => togglePanel(seen('panel').hidden));
window.addEventListener('beforeunload', event => {
  if (!state.saved && state.notes.size) event.preventDefault(); // comments would be lost
});
togglePanel(window.matchMedia('(min-width: 64rem)').matches);
buildPanel();
draw(false);
