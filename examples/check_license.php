<?php
// Asks a Keyseal server whether a license key is valid, and believes only what a key that you trust has signed.
// Needs PHP 7.4 with its openssl extension.
//
//   php check_license.php URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]
//
// Exit code 0: valid. 1: refused. 2: nothing that can be trusted was answered.

declare(strict_types=1);

const TOLERANCE = 300; // seconds between the server's clock and this one

/** Nothing that can be trusted was answered: neither a yes nor a no. */
final class NotTrustworthy extends RuntimeException
{
}

/**
 * Gives the code and the message that the server signed: 200 is valid, everything else is a refusal.
 *
 * $publicKeys: PEM texts. The first is the key that signs for your product, and no other makes a license valid. A second one, the
 * server's global key, is believed when it refuses: it signs what concerns no product, such as an unknown license key.
 */
function check_license(string $url, string $apiKey, string $licenseKey, string $identifier, array $publicKeys): array
{
    $reply = parse(post(rtrim($url, '/') . '/api/v1/verify', [
        'api_key' => $apiKey, 'license_key' => $licenseKey, 'identifier' => $identifier,
    ]));
    $signed = $reply['response_base64'] ?? null;
    $signature = $reply['signature'] ?? null;
    if (!is_string($signed) || !is_string($signature)) {
        throw new NotTrustworthy('the answer is no signed envelope');
    }

    // The signed bytes are the text of response_base64. They are decoded after they are verified, and "response" is never read.
    $signer = null;
    foreach (array_values($publicKeys) as $place => $pem) {
        // 1 is yes; 0 and false are not.
        if (openssl_verify($signed, (string) base64_decode($signature, true), $pem, OPENSSL_ALGO_SHA256) === 1) {
            $signer = $place;
            break;
        }
    }
    if ($signer === null) {
        throw new NotTrustworthy('signed by no key that is trusted here');
    }
    $response = parse((string) base64_decode($signed, true));
    $code = $response['code'] ?? null;
    $message = $response['message'] ?? null;
    $timestamp = $response['timestamp'] ?? null;
    if (!(is_int($code) || is_string($code)) || !is_string($message) || !is_int($timestamp)) {
        throw new NotTrustworthy('the signed text is no answer');
    }

    // An old answer is signed as well as a new one.
    $age = time() - $timestamp;
    if (abs($age) > TOLERANCE) {
        throw new NotTrustworthy("the answer is $age seconds old");
    }
    // The global key signs "valid" for products without a key of their own: no answer for this one.
    if ((string) $code === '200' && $signer !== 0) {
        throw new NotTrustworthy('valid, but for another product');
    }
    return [(string) $code, $message];
}

function post(string $url, array $fields): string
{
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => 'Content-Type: application/x-www-form-urlencoded',
        'content' => http_build_query($fields, '', '&'),
        'timeout' => 10,
        'follow_location' => 0,
        'ignore_errors' => true, // read the body under 401 too
    ]]);
    $answer = @fopen($url, 'r', false, $context);
    if ($answer === false) {
        throw new NotTrustworthy("no answer from $url");
    }
    $status = explode(' ', stream_get_meta_data($answer)['wrapper_data'][0] ?? '')[1] ?? 'unknown';
    $body = (string) stream_get_contents($answer, 1000000);
    fclose($answer);
    // 401 and 403 carry signed refusals where the server runs with --http-status documented.
    if (!in_array($status, ['200', '401', '403'], true)) {
        throw new NotTrustworthy("HTTP $status");
    }
    return $body;
}

function parse(string $text): array
{
    $value = json_decode($text, true);
    if (!is_array($value)) {
        throw new NotTrustworthy('the answer is no JSON object');
    }
    return $value;
}

function public_key(string $file): string
{
    $pem = @file_get_contents($file);
    if ($pem === false || openssl_pkey_get_public($pem) === false) {
        throw new RuntimeException("$file holds no public key in PEM");
    }
    return $pem;
}

function main(array $arguments): int
{
    if (count($arguments) < 6 || count($arguments) > 7) {
        fwrite(STDERR, "usage: php check_license.php URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]\n");
        return 2;
    }
    try {
        // In your product the keys are constants of the program: whoever can change them can sell your licenses.
        $keys = array_map('public_key', array_slice($arguments, 5));
        [$code, $message] = check_license($arguments[1], $arguments[2], $arguments[3], $arguments[4], $keys);
    } catch (Throwable $reason) {
        fwrite(STDERR, "not trustworthy: {$reason->getMessage()}\n");
        return 2;
    }
    echo $code === '200' ? "valid\n" : "refused: $code $message\n";
    return $code === '200' ? 0 : 1;
}

exit(main($argv));
