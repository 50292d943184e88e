// Interviews in ODK's own engine, for tests: one JSON command per line in, one JSON answer per line out.
//
//   {"do": "load", "form": "a", "xml": "<h:html ...>"}      take a form; several can be held at once
//   {"do": "start", "form": "a", "seed": 7, "fresh": true}   begin an interview; without "fresh" the last instance is emptied
//   {"do": "state"}                                          what is open, as a client sees it
//   {"do": "answer", "question": "age", "value": 30}         null takes an answer back
//   {"do": "language", "language": "Қазақша (kk)"}
//   {"do": "words"}                                          labels and choices of all questions, open or not
//   {"do": "end"}                                            what is open, all values, groups
//   {"do": "run", "form": "a", "seed": 7, "interviews": [{"answers": {"age": [17, 30]}, "fresh": false}, ...]}
//   {"do": "drop", "form": "a"}
import { createInterface } from 'node:readline';
import { seed } from './shim.mjs';
import { Interview } from './interview.mjs';

const { loadForm } = await import('@getodk/xforms-engine');

const forms = new Map();
let current = null;

const fresh = (held) => {
	held.interview = new Interview(held.form.resetInstance().root);
	return held.interview;
};

const named = (name) => {
	const held = forms.get(name);
	if (held === undefined) {
		throw new Error(`No form '${name}' is loaded.`);
	}
	return held;
};

// Selects whose choices depend on other answers or on a draw.
const varyingIn = (interview) =>
	interview
		.leaves()
		.filter((node) => /\[|randomize/.test(node.definition.bodyElement?.itemset?.nodes?.expression ?? ''))
		.map((node) => interview.key(node));

const begin = (held, again) => {
	return !again && held.interview.restart() ? held.interview : fresh(held);
};

const commands = {
	async load({ form: name, xml }) {
		const form = await loadForm(xml);
		if (form.status === 'failure') {
			throw new Error(`The engine rejects the form: ${form.error?.message ?? 'it gives no reason'}`);
		}
		const held = { form, varying: new Set() };
		let interview;
		try {
			interview = fresh(held);
		} catch (error) {
			throw new Error(`The engine rejects the form: ${error.message}`);
		}
		forms.set(name, held);
		held.varying = new Set(varyingIn(interview));
		return {
			languages: interview.root.languages.filter((one) => !one.isSyntheticDefault).map((one) => one.language),
			questions: interview.leaves().map((node) => ({
				question: interview.key(node),
				path: interview.path(node),
				kind: node.nodeType,
				choices: node.currentState.valueOptions?.map((option) => option.value) ?? null,
			})),
			varying: [...held.varying],
			drawn: interview.drawn.map((node) => interview.key(node)),
		};
	},
	start({ form, seed: number, fresh: again = true }) {
		if (number !== undefined) {
			seed(number);
		}
		current = begin(named(form), again);
		return {};
	},
	state() {
		return { open: current.open().map((node) => current.describe(node)) };
	},
	answer({ question, value }) {
		const node = current.find(question);
		if (!node.currentState.relevant) {
			throw new Error(`'${question}' is not open.`);
		}
		const refused = current.answer(node, value);
		return { refused, message: current.verdict(node).message };
	},
	language({ language }) {
		const found = current.root.languages.find((one) => one.language === language);
		if (found === undefined) {
			throw new Error(`The form has no language '${language}'.`);
		}
		current.root.setLanguage(found);
		return {};
	},
	words() {
		return { words: current.words() };
	},
	end() {
		return current.result();
	},
	run({ form, seed: number, interviews }) {
		const held = named(form);
		seed(number);
		return {
			interviews: interviews.map(({ answers, revised = [], fresh: again = false }) => {
				const interview = begin(held, again);
				const asked = new Set();
				return [{}, ...revised].map((changes) => {
					const verdicts = Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, interview.revise(key, value)]));
					return { revised: verdicts, steps: interview.ask(answers, held.varying, asked), ...interview.result() };
				});
			}),
		};
	},
	drop({ form }) {
		forms.delete(form);
		return {};
	},
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
	let reply;
	try {
		const command = JSON.parse(line);
		reply = await commands[command.do](command);
	} catch (error) {
		reply = { error: error instanceof Error ? error.message : String(error) };
	}
	process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(0);
