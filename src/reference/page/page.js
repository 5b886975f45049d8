// Shows the server's own OpenAPI document: every endpoint by who asks, with its fields, its answers and examples.

import { block, make, paragraphs, prose, table } from './dom.js';
import { form } from './try.js';

const root = new URL('..', import.meta.url);
const find = (id) => document.getElementById(id);
const apiKey = () => find('api-key').value.trim();

show().catch((error) => {
  find('failed').hidden = false;
  find('failed').textContent = `The document could not be shown: ${error.message}`;
});

async function show() {
  const answer = await fetch(new URL('openapi.json', root));
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const api = await answer.json();
  find('version').textContent = api.info.version;
  find('description').append(...paragraphs(api.info.description));
  find('servers').append(...api.servers.map((server) => make('li', {}, make('code', {}, server.url), ` ${server.description}`)));
  const all = operations(api);
  const groups = api.tags.map((tag) => ({ ...tag, operations: all.filter((one) => one.tags.includes(tag.name)) }));
  find('endpoints').append(...groups.map((group) => section(api, group)));
  const shared = all.find((one) => one['x-capability'])['x-outcomes'].filter((outcome) => !outcome.own);
  find('shared').append(outcomes(api, shared));
  find('contents').append(...contents(groups));
  find('find').addEventListener('input', () => narrow(find('find').value));
  window.addEventListener('hashchange', open);
  open();
}

/** Every operation once: other paths of the same are listed with it, HEAD is understood. */
function operations(api) {
  const listed = [];
  const others = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of ['get', 'post']) {
      const operation = item[method];
      if (!operation) continue;
      const same = operation.deprecated && /`([^`]+)`/.exec(operation.description)?.[1];
      if (same) others.set(same, [...(others.get(same) ?? []), path]);
      else listed.push({ ...operation, path, method, base: item.servers ? '' : 'api/v1' });
    }
  }
  return listed.map((one) => ({ ...one, others: others.get(one.path) ?? [] }));
}

function contents(groups) {
  const link = (href, text) => make('a', { href }, text);
  return [
    link('#start', 'Start'),
    groups.map((group) => [
      make('h2', {}, group.name),
      group.operations.map((one) => link(`#${one.operationId}`, one.path)),
    ]),
    make('h2', {}, 'More'),
    link('#answers', 'Answers of any endpoint'),
    link('#verify', 'Verify an answer'),
  ].flat(Infinity);
}

function section(api, group) {
  return make('section', { class: 'group' },
    make('h2', {}, group.name),
    make('p', {}, prose(group.description)),
    group.operations.map((one) => endpoint(api, one)));
}

/** One endpoint. What is inside is made when it is opened for the first time. */
function endpoint(api, operation) {
  const inside = make('div', { class: 'inside' });
  const element = make('details', { class: 'endpoint', id: operation.operationId },
    make('summary', {},
      make('span', { class: `method ${operation.method}` }, operation.method.toUpperCase()),
      make('span', { class: 'path' }, operation.path),
      make('span', { class: 'about' }, operation.summary)),
    inside);
  element.dataset.words = words(operation);
  element.addEventListener('toggle', () => {
    if (element.open && !inside.hasChildNodes()) inside.append(...details(api, operation));
  });
  return element;
}

function details(api, operation) {
  const fields = fieldsOf(operation);
  const own = (operation['x-outcomes'] ?? []).filter((outcome) => outcome.own);
  return [
    operation.description ? make('p', {}, prose(operation.description)) : null,
    operation['x-capability'] ? make('p', {}, 'Capability of the API key: ', make('code', {}, operation['x-capability'])) : null,
    operation.others.length ? make('p', {}, 'Also at ', prose(operation.others.map((path) => `\`${path}\``).join(', '))) : null,
    fields.length ? [make('h4', {}, 'Fields'), fieldTable(fields)] : null,
    own.length ? [make('h4', {}, 'Answers'), outcomes(api, own)] : null,
    make('h4', {}, 'Example'),
    block(curl(operation, fields)),
    make('h4', {}, 'Try it'),
    form(operation, fields, root, apiKey),
  ].flat(Infinity).filter((child) => child != null);
}

/** The fields of a request, wherever they are sent. */
function fieldsOf(operation) {
  const inPlace = (operation.parameters ?? []).filter((parameter) => parameter.name);
  const body = operation.requestBody?.content['application/x-www-form-urlencoded'];
  if (!body) return inPlace.map((one) => ({ ...one.schema, ...one, place: one.in }));
  const schema = body.schema;
  const required = schema.required ?? schema.then?.required ?? [];
  const json = operation.requestBody.content['application/json'].schema.properties;
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    ...json[name], name, description: field.description, place: 'body',
    required: required.includes(name), example: body.example?.[name],
  }));
}

function fieldTable(fields) {
  return table(['Field', 'What'], fields.map((field) => [
    [make('code', {}, field.name), field.required ? make('span', { class: 'need' }, 'required') : null,
      make('span', { class: 'kind' }, kind(field))].filter(Boolean),
    prose(field.description ?? ''),
  ]));
}

function kind(field) {
  if (field.enum) return field.enum.join(' | ');
  const type = [field.type ?? 'anything'].flat().join(' or ');
  const { minimum, maximum } = field;
  if (minimum == null) return type;
  return maximum == null ? `${type}, ${minimum} or more` : `${type}, ${minimum} to ${maximum}`;
}

/** Answers, the success first, each with an example behind it. */
function outcomes(api, list) {
  return make('div', {}, list.map((outcome, place) => {
    const example = api.components.examples[outcome.name].value;
    const status = outcome.http_status === 200 ? '' : `, HTTP ${outcome.http_status}`;
    const code = JSON.stringify(example.response.code);
    return make('details', { class: place === 0 && outcome.own ? 'outcome success' : 'outcome' },
      make('summary', {}, make('span', { class: 'code' }, code), ` ${outcome.message} `,
        make('span', { class: 'aside' }, `${outcome.signed_by} key${status}`)),
      block(JSON.stringify(example, null, 2)));
  }));
}

function curl(operation, fields) {
  const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
  let path = operation.path;
  const sent = fields.filter((field) => field.required);
  for (const field of sent.filter((one) => one.place === 'path')) {
    path = path.replace(`{${field.name}}`, encodeURIComponent(field.example));
  }
  const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  const lines = [`curl ${quote(new URL(operation.base + path, root))}`];
  if (operation.method === 'get' && sent.some((field) => field.place === 'query')) lines.push('-G');
  if (!operation.security || operation.security.length) lines.push("-H 'Authorization: Bearer YOUR-API-KEY'");
  for (const field of sent.filter((one) => one.place !== 'path')) {
    lines.push(`--data-urlencode ${quote(`${field.name}=${text(field.example)}`)}`);
  }
  if (operation.method === 'post' && !sent.length) lines.push('-X POST');
  return lines.join(' \\\n  ');
}

function words(operation) {
  const codes = (operation['x-outcomes'] ?? []).filter((one) => one.own).map((one) => `${one.code} ${one.message}`);
  const fields = fieldsOf(operation).map((field) => [field.name, field['x-aliases'] ?? []]);
  return [operation.path, operation.others, operation.summary, codes, fields].flat(3).join(' ').toLowerCase();
}

function narrow(text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const element of document.querySelectorAll('.endpoint')) {
    element.hidden = !wanted.every((word) => element.dataset.words.includes(word));
  }
  for (const group of document.querySelectorAll('.group')) {
    group.hidden = !group.querySelector('.endpoint:not([hidden])');
  }
}

/** Opens the endpoint that the address names. */
function open() {
  const element = find(decodeURIComponent(location.hash.slice(1)));
  if (element instanceof HTMLDetailsElement) element.open = true;
  element?.scrollIntoView();
}
