// What ODK's engine expects of a browser and does not find in Node: a document, and two names of CommonJS.
import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><html><body></body></html>', { url: 'http://localhost/' });

for (const name of Object.getOwnPropertyNames(window)) {
	if (!(name in globalThis)) {
		globalThis[name] = window[name];
	}
}
globalThis.window = window;
globalThis.document = window.document;
globalThis.require = createRequire(import.meta.url);
globalThis.__dirname = import.meta.dirname;

// The engine draws with Math.random; a seeded generator (mulberry32) makes every run the same.
let state = 1;
export const seed = (value) => {
	state = value >>> 0;
};
Math.random = () => {
	state = (state + 0x6d2b79f5) >>> 0;
	let t = state;
	t = Math.imul(t ^ (t >>> 15), t | 1);
	t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
	return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
