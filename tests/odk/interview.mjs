// One interview in ODK's engine: what is open, what an answer does, what is left at the end.

const ANSWERED = new Set(['input', 'select', 'range', 'trigger', 'rank']);
const SHOWN = new Set([...ANSWERED, 'note', 'upload']);

const plain = (value) => (value === undefined || value === null ? null : String(value));

// A leaf's name, with the number of the member for every repeated group around it: age, member_age[2].
const keyOf = (path) => {
	const members = [...path.matchAll(/\[(\d+)\]/g)].map(([whole]) => whole).join('');
	return path.slice(path.lastIndexOf('/') + 1).replace(/\[\d+\]/g, '') + members;
};

export class Interview {
	constructor(root) {
		this.root = root;
		this.start = root.currentState.reference.length + 1;
		this.drawn = this.leaves().filter((node) => /\bonce\s*\(/.test(this.calculation(node)));
		this.draws = this.drawn.map((node) => node.currentState.value);
		this.initial = this.fixed();
	}

	calculation(node) {
		return node.definition.bind?.calculate?.expression ?? '';
	}

	// Every leaf in document order, those of the members there are now included; without repeats always the same.
	leaves() {
		if (this.same !== undefined) {
			return this.same;
		}
		const out = [];
		let repeats = false;
		const visit = (node) => {
			const { children } = node.currentState;
			repeats ||= node.nodeType.startsWith('repeat-range');
			if (children === null || children === undefined) {
				out.push(node);
			} else {
				children.forEach(visit);
			}
		};
		visit(this.root);
		this.same = repeats ? undefined : out;
		return out;
	}

	groups() {
		const out = {};
		const visit = (node) => {
			const { children } = node.currentState;
			if (children === null || children === undefined) {
				return;
			}
			if (node !== this.root && node.nodeType !== 'repeat-instance') {
				out[keyOf(this.path(node))] = node.currentState.relevant;
			}
			children.forEach(visit);
		};
		visit(this.root);
		return out;
	}

	path(node) {
		return node.currentState.reference.slice(this.start);
	}

	key(node) {
		return keyOf(this.path(node));
	}

	value(node) {
		const { value } = node.currentState;
		if (Array.isArray(value)) {
			return node.selectType === 'select1' ? plain(value[0]) : value.map(String);
		}
		return value === '' ? null : plain(value);
	}

	// What a client is shown of a question.
	describe(node) {
		const { label, hint, required, valueOptions } = node.currentState;
		const many = node.selectType === 'select' || node.nodeType === 'rank';
		return {
			question: this.key(node),
			path: this.path(node),
			type: node.nodeType === 'select' ? (many ? 'multiple' : 'single') : node.nodeType === 'input' ? node.valueType : node.nodeType,
			label: label?.asString.trim() ?? null,
			hint: hint?.asString.trim() ?? null,
			required,
			value: this.value(node),
			choices: valueOptions?.map((option) => [option.value, option.label.asString.trim()]) ?? null,
			...this.verdict(node),
		};
	}

	// The words of every question and its choices in the language of the moment, whether it is open or not.
	words() {
		const shown = this.leaves().filter((node) => SHOWN.has(node.nodeType));
		return shown.map((node) => {
			const { label, valueOptions } = node.currentState;
			return [this.key(node), label?.asString.trim() ?? '', valueOptions?.map((option) => option.label.asString.trim()) ?? []];
		});
	}

	verdict(node) {
		const violation = node.validationState.violation ?? null;
		return { violated: violation?.condition ?? null, message: violation?.message?.asString.trim() ?? null };
	}

	open(seen = SHOWN) {
		return this.leaves().filter((node) => seen.has(node.nodeType) && node.currentState.relevant);
	}

	find(key) {
		const node = this.leaves().find((leaf) => this.key(leaf) === key || this.path(leaf) === key);
		if (node === undefined) {
			throw new Error(`The form has no question '${key}'.`);
		}
		return node;
	}

	// Put an answer in. The verdict: null when it stands, else why the engine refuses it:
	// 'constraint', 'required', 'choice' (not offered) or 'type' (no such number or date).
	answer(node, given) {
		switch (node.nodeType) {
			case 'select':
			case 'rank': {
				const values = given === null ? [] : [given].flat().map(String);
				const offered = new Set(node.currentState.valueOptions.map((option) => option.value));
				if (values.some((value) => !offered.has(value))) {
					return 'choice';
				}
				if (node.nodeType === 'rank') {
					node.setValues(values);
				} else {
					node.selectValues(values);
				}
				break;
			}
			case 'input':
			case 'range':
				node.setValue(node.valueType === 'string' ? String(given ?? '') : given);
				if (given !== null && given !== '' && this.value(node) === null) {
					return 'type';
				}
				break;
			case 'trigger':
				node.setValue(given !== null && given !== false);
				break;
			default:
				throw new Error(`'${this.key(node)}' takes no answer: it is of the kind ${node.nodeType}.`);
		}
		return node.validationState.violation?.condition ?? null;
	}

	// Change an answer given before; gives the verdict, 'closed' when the question is not open.
	revise(key, value) {
		const node = this.leaves().find((leaf) => this.key(leaf) === key);
		if (node === undefined || !node.currentState.relevant) {
			return 'closed';
		}
		const verdict = this.answer(node, value);
		if (verdict !== null) {
			this.clear(node);
		}
		return verdict;
	}

	clear(node) {
		this.answer(node, null);
	}

	// Ask what is open from top to bottom. `plan` holds the answers to try for each question, in turn: what is refused
	// is taken back and the next one tried; when none stands the question stays blank. Questions that open behind the
	// place reached are asked last. Gives [question, verdicts of the answers tried, choices offered if they vary].
	ask(plan, varying, asked = new Set()) {
		const steps = [];
		let again = true;
		while (again) {
			again = false;
			for (let at = 0, nodes = this.leaves(); at < nodes.length; at += 1) {
				const node = nodes[at];
				if (!ANSWERED.has(node.nodeType) || !node.currentState.relevant || asked.has(node)) {
					continue;
				}
				asked.add(node);
				again = true;
				steps.push(this.step(node, plan, varying));
				nodes = this.leaves();
				at = nodes.indexOf(node);
			}
		}
		return steps;
	}

	step(node, plan, varying) {
		const key = this.key(node);
		const verdicts = [];
		for (const given of plan[key] ?? plan[key.replace(/\[\d+\]/g, '')] ?? []) {
			const verdict = this.answer(node, given);
			verdicts.push(verdict);
			if (verdict === null) {
				break;
			}
			this.clear(node);
		}
		const step = [key, verdicts];
		if (varying.has(key.replace(/\[\d+\]/g, ''))) {
			step.push(node.currentState.valueOptions.map((option) => option.value));
		}
		return step;
	}

	// What stands at the end: which leaves are open, the values of these, and which groups are.
	result() {
		const open = [];
		const values = {};
		for (const node of this.leaves()) {
			if (node.currentState.relevant) {
				const key = this.key(node);
				open.push(key);
				const value = this.value(node);
				if (value !== null && value.length > 0) {
					values[key] = value;
				}
			}
		}
		return { open, values, groups: this.groups() };
	}

	// Where every leaf stands, but for the form's own number of the interview.
	fixed() {
		return this.leaves()
			.filter((node) => !this.path(node).startsWith('meta/'))
			.map((node) => `${this.path(node)} ${node.currentState.relevant ? 'open' : 'closed'} ${this.value(node) ?? ''}`);
	}

	// Begin anew in the same instance, which is much quicker than a new one: take all answers back, see that with the
	// first draws everything stands as at first, then draw again with the form's own expressions. Says whether it could:
	// the engine keeps the members of a repeat whose number becomes blank. Fails if anything else is left behind.
	restart() {
		const answered = this.leaves().filter((node) => ANSWERED.has(node.nodeType));
		if (this.members()) {
			answered.filter((node) => node.valueType === 'int' && node.currentState.relevant).forEach((node) => this.answer(node, 0));
		}
		this.root.scope.runTask(() => answered.forEach((node) => this.clear(node))); // all at once: the engine updates once
		if (this.members()) {
			return false;
		}
		this.drawn.forEach((node, at) => node.setValueState(this.draws[at]));
		const now = this.fixed();
		const differs = now.findIndex((state, at) => state !== this.initial[at]);
		if (differs >= 0 || now.length !== this.initial.length) {
			throw new Error(`Something is left after a restart: '${now[differs]}' was '${this.initial[differs]}'.`);
		}
		for (const node of this.drawn) {
			const again = this.calculation(node).replace(/\bonce\s*\(/g, '(');
			node.setValueState(node.evaluator.evaluateString(again, node));
		}
		return true;
	}

	members() {
		return this.leaves().some((node) => this.path(node).includes('['));
	}
}
