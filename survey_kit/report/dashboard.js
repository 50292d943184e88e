"use strict";
// Filters the rows that stand in the page. A row: indicator, wave, group, figure, interval, [low, value, high] in per cent of the axis,
// change, result, n, state.
const data = JSON.parse(document.getElementById("data").textContent);
const { words, indicators, themes, waves, groups, states, results, rows, slugs } = data;
const MOST = 300;
const field = name => document.getElementById("by-" + name);
const names = ["theme", "indicator", "group", "level", "wave", "state"];

const fill = (select, entries) => {
  const kept = select.value;
  select.replaceChildren(...[["", words.all], ...entries].map(([value, text]) => new Option(text, value)));
  if ([...select.options].some(one => one.value === kept)) select.value = kept;
};
const indicatorChoices = () => indicators.flatMap(([title, theme], i) =>
  field("theme").value === "" || String(theme) === field("theme").value ? [[String(i), title]] : []);
const domains = [...new Set(groups.map(([domain]) => domain))];
const levelChoices = () => groups.flatMap(([domain, level], i) =>
  domain && String(domains.indexOf(domain)) === field("group").value ? [[String(i), level]] : []);

const wanted = () => {
  const by = Object.fromEntries(names.map(name => [name, field(name).value]));
  return rows.filter(([indicator, wave, group, , , , , , , state]) =>
    (by.theme === "" || String(indicators[indicator][1]) === by.theme) &&
    (by.indicator === "" || String(indicator) === by.indicator) &&
    (by.group === "" || String(domains.indexOf(groups[group][0])) === by.group) &&
    (by.level === "" || String(group) === by.level) &&
    (by.wave === "" || String(wave) === by.wave) &&
    (by.state === "" || String(state) === by.state));
};
const cell = (text, kind = "td", look = "") => {
  const made = document.createElement(kind);
  made.textContent = text;
  if (look) made.className = look;
  if (kind === "th") made.scope = "row";
  return made;
};
const bar = place => {
  const made = cell("");
  if (!place) return made;
  const box = document.createElement("span"), line = document.createElement("i"), dot = document.createElement("b");
  box.className = "bar";
  box.setAttribute("aria-hidden", "true");
  line.style.left = place[0] + "%";
  line.style.width = Math.max(place[2] - place[0], 0) + "%";
  dot.style.left = place[1] + "%";
  box.append(line, dot);
  made.append(box);
  return made;
};
const identity = ([indicator, wave, group]) =>
  [slugs.indicators[indicator], slugs.waves[wave], ...(slugs.groups[group] ? [slugs.groups[group]] : [])].join(".");
const line = row => {
  const [indicator, wave, group, figure, interval, place, change, result, n, state] = row;
  const [domain, level] = groups[group], made = document.createElement("tr");
  made.append(cell(indicators[indicator][0], "th"), cell(waves[wave]), cell(domain ? domain + ": " + level : level),
    cell(figure, "td", "r"), bar(place), cell(interval, "td", "r"), cell(results[result]), cell(change, "td", "r"),
    cell(n, "td", "r"), cell(states[state]), cell(identity(row), "td", "id"));
  return made;
};
const show = () => {
  const found = wanted();
  document.querySelector("#figures tbody").replaceChildren(...found.slice(0, MOST).map(line));
  const told = words.shown.replace("{shown}", found.length).replace("{all}", rows.length);
  document.getElementById("count").textContent = found.length > MOST ? told + ". " + words.cut.replace("{most}", MOST) : told;
  const counts = states.map((_, i) => found.filter(row => row[9] === i).length);
  document.querySelector("#overview tbody").replaceChildren(...states.flatMap((name, i) => {
    if (!counts[i]) return [];
    const made = document.createElement("tr");
    made.append(cell(name, "th"), cell(String(counts[i]), "td", "r"), bar([0, 100 * counts[i] / found.length, 100 * counts[i] / found.length]));
    return [made];
  }));
};
const start = () => {
  names.forEach(name => { field(name).value = ""; });
  field("group").value = String(domains.indexOf(""));
  field("wave").value = String(waves.length - 1);
  fill(field("indicator"), indicatorChoices());
  fill(field("level"), levelChoices());
  show();
};
fill(field("theme"), themes.map((text, i) => [String(i), text]));
fill(field("indicator"), indicatorChoices());
fill(field("group"), domains.map((text, i) => [String(i), text || words.everybody]));
fill(field("wave"), waves.map((text, i) => [String(i), text]));
fill(field("state"), states.map((text, i) => [String(i), text]));
field("theme").addEventListener("change", () => fill(field("indicator"), indicatorChoices()));
field("group").addEventListener("change", () => fill(field("level"), levelChoices()));
document.getElementById("choice").addEventListener("change", show);
document.getElementById("reset").addEventListener("click", start);
start();
