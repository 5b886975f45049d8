// Asks a Keyseal server whether a license key is valid, and believes only what a key that you trust has signed.
// Needs nothing but fetch and WebCrypto: Node 20, Electron, browsers.
//
//   node check_license.mjs URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]
//
// Exit code 0: valid. 1: refused. 2: nothing that can be trusted was answered.

const TOLERANCE = 300; // seconds between the server's clock and this one

/** Nothing that can be trusted was answered: neither a yes nor a no. */
export class NotTrustworthy extends Error {}

/**
 * Gives the code and the message that the server signed: 200 is valid, everything else is a refusal.
 *
 * publicKeys: PEM texts. The first is the key that signs for your product, and no other makes a license valid. A second one, the
 * server's global key, is believed when it refuses: it signs what concerns no product, such as an unknown license key.
 */
export async function checkLicense(url, apiKey, licenseKey, identifier, publicKeys) {
  const reply = parse(await post(`${url.replace(/\/+$/, '')}/api/v1/verify`, {
    api_key: apiKey, license_key: licenseKey, identifier,
  }));
  const { response_base64: signed, signature } = reply;
  if (typeof signed !== 'string' || typeof signature !== 'string') {
    throw new NotTrustworthy('the answer is no signed envelope');
  }

  // The signed bytes are the text of response_base64. They are decoded after they are verified, and "response" is never read.
  let signer = -1;
  for (let i = 0; i < publicKeys.length && signer < 0; i++) {
    if (await verifies(publicKeys[i], signed, signature)) signer = i;
  }
  if (signer < 0) throw new NotTrustworthy('signed by no key that is trusted here');
  const { code, message, timestamp } = parse(new TextDecoder().decode(bytes(signed)));
  if (!['number', 'string'].includes(typeof code) || typeof message !== 'string' || !Number.isInteger(timestamp)) {
    throw new NotTrustworthy('the signed text is no answer');
  }

  // An old answer is signed as well as a new one.
  const age = Math.floor(Date.now() / 1000) - timestamp;
  if (Math.abs(age) > TOLERANCE) throw new NotTrustworthy(`the answer is ${age} seconds old`);
  // The global key signs "valid" for products without a key of their own: no answer for this one.
  if (String(code) === '200' && signer !== 0) throw new NotTrustworthy('valid, but for another product');
  return { code: String(code), message };
}

async function post(url, fields) {
  let status, text;
  try {
    const answer = await fetch(url, {
      method: 'POST', body: new URLSearchParams(fields), redirect: 'error', cache: 'no-store', signal: AbortSignal.timeout(10_000),
    });
    [status, text] = [answer.status, await answer.text()];
  } catch (error) {
    throw new NotTrustworthy(`no answer from ${url}: ${error.cause?.message ?? error.message}`);
  }
  // 401 and 403 carry signed refusals where the server runs with --http-status documented.
  if (![200, 401, 403].includes(status)) throw new NotTrustworthy(`HTTP ${status}`);
  return text;
}

function parse(text) {
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (typeof value !== 'object' || value === null) throw new NotTrustworthy('the answer is no JSON object');
  return value;
}

async function verifies(pem, signed, signature) {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const der = bytes(pem.replace(/-----[^-]+-----|\s/g, ''));
  const key = await crypto.subtle.importKey('spki', der, algorithm, false, ['verify']);
  let signatureBytes;
  try {
    signatureBytes = bytes(signature);
  } catch {
    return false; // no base64
  }
  return crypto.subtle.verify(algorithm, key, signatureBytes, new TextEncoder().encode(signed));
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

// From here on for the command line alone; a product leaves it away.
async function main([url, apiKey, licenseKey, identifier, ...files]) {
  if (files.length < 1 || files.length > 2) {
    console.error('usage: node check_license.mjs URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]');
    return 2;
  }
  try {
    const { readFileSync } = await import('node:fs');
    // In your product the keys are constants of the program: whoever can change them can sell your licenses.
    const keys = files.map((file) => readFileSync(file, 'ascii'));
    const { code, message } = await checkLicense(url, apiKey, licenseKey, identifier, keys);
    console.log(code === '200' ? 'valid' : `refused: ${code} ${message}`);
    return code === '200' ? 0 : 1;
  } catch (error) { // Node's own code for what is not caught is 1, which means refused here
    console.error(`not trustworthy: ${error.message}`);
    return 2;
  }
}

if (globalThis.process?.argv[1]?.endsWith('check_license.mjs')) {
  process.exitCode = await main(process.argv.slice(2));
}
