// The form that asks the running server, and shows what it answered.

import { block, make } from './dom.js';

/** A form for one operation. `apiKey`: gives the key that is in the page now. */
export function form(operation, fields, root, apiKey) {
  const inputs = fields.map((field) => ({ field, input: input(field) }));
  const rows = inputs.map(({ field, input }) => [
    make('label', { for: input.id }, field.name),
    input,
  ]);
  const button = make('button', { class: 'send', type: 'submit' }, 'Send');
  const shown = make('div', { 'aria-live': 'polite' });
  const element = make('form', {}, make('div', { class: 'fields' }, rows), button, shown);
  for (const { input, field } of inputs) {
    input.id = `${operation.operationId}.${field.name}`;
  }
  for (const label of element.querySelectorAll('label')) label.htmlFor = label.nextSibling.id;
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    const sent = inputs.filter(({ input }) => input.value !== '').map(({ field, input }) => [field, input.value]);
    try {
      shown.replaceChildren(...await ask(operation, sent, root, apiKey()));
    } catch (error) {
      shown.replaceChildren(make('p', { class: 'told bad' }, `Nothing was answered: ${error.message}`));
    }
    button.disabled = false;
  });
  return element;
}

function input(field) {
  const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  const example = field.example == null ? '' : text(field.example);
  const isSecret = field.name === 'api_key' || field.name === 'contract_key';
  return make('input', {
    type: isSecret ? 'password' : 'text', autocomplete: 'off', spellcheck: 'false', value: field.required && !isSecret ? example : '',
  });
}

/** Sends the fields where they belong, and gives what to show. */
async function ask(operation, sent, root, apiKey) {
  let path = operation.base + operation.path;
  for (const [field, value] of sent.filter(([field]) => field.place === 'path')) {
    path = path.replace(`{${field.name}}`, encodeURIComponent(value));
  }
  const url = new URL(path.replace(/^\//, ''), root);
  const others = new URLSearchParams(sent.filter(([field]) => field.place !== 'path').map(([field, value]) => [field.name, value]));
  const needsKey = (!operation.security || operation.security.length > 0) && apiKey !== '';
  const request = { method: operation.method.toUpperCase(), credentials: 'omit', cache: 'no-store', headers: needsKey ? { 'X-API-Key': apiKey } : {} };
  if (operation.method === 'post') request.body = others;
  else url.search = others;
  const began = performance.now();
  const answer = await fetch(url, request);
  const text = await answer.text();
  const time = `${Math.round(performance.now() - began)} ms`;
  return [make('p', { class: answer.ok ? 'told' : 'told bad' }, `HTTP ${answer.status}, ${time}`), ...readable(answer, text)];
}

/** What was signed, decoded; then the envelope. What is no envelope is shown as it is. */
function readable(answer, text) {
  const type = answer.headers.get('content-type') ?? '';
  if (!type.startsWith('application/json')) return [block(type.startsWith('text/') ? text : `${text.length} bytes of ${type}`)];
  const envelope = JSON.parse(text);
  if (typeof envelope.response_base64 !== 'string') return [block(JSON.stringify(envelope, null, 2))];
  const bytes = Uint8Array.from(atob(envelope.response_base64), (c) => c.charCodeAt(0));
  const response = JSON.parse(new TextDecoder().decode(bytes));
  return [
    make('p', {}, `${JSON.stringify(response.code)} ${response.message}. What the ${envelope.private_key_used} key signed:`),
    block(JSON.stringify(response, null, 2)),
    make('details', { class: 'more' }, make('summary', {}, 'The envelope'), block(JSON.stringify(envelope, null, 2))),
  ];
}
