// Asks a Keyseal server whether a license key is valid, and believes only what a key that you trust has signed.
// Needs the standard library alone, of Go 1.19 or later.
//
//	go run check_license.go URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]
//
// Exit code 0: valid. 1: refused. 2: nothing that can be trusted was answered. (go run itself ends with 1 for both: build it first.)
package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Between the server's clock and this one.
const tolerance = 300 * time.Second

// Verdict is what the server signed. Code 200 is valid, everything else is a refusal.
type Verdict struct {
	Code    string
	Message string
}

// CheckLicense gives what the server signed, or an error if nothing that can be trusted was answered: neither a yes nor a no.
//
// The first of the keys is the one that signs for your product, and no other makes a license valid. A second one, the server's
// global key, is believed when it refuses: it signs what concerns no product, such as an unknown license key.
func CheckLicense(server, apiKey, licenseKey, identifier string, keys []*rsa.PublicKey) (Verdict, error) {
	body, err := post(strings.TrimRight(server, "/")+"/api/v1/verify", url.Values{
		"api_key": {apiKey}, "license_key": {licenseKey}, "identifier": {identifier},
	})
	if err != nil {
		return Verdict{}, err
	}
	var reply struct {
		Signed    string `json:"response_base64"`
		Signature string `json:"signature"`
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return Verdict{}, fmt.Errorf("the answer is no signed envelope: %w", err)
	}

	// The signed bytes are the text of response_base64. They are decoded after they are verified, and "response" is never read.
	signer := signerOf(reply.Signed, reply.Signature, keys)
	if signer < 0 {
		return Verdict{}, errors.New("signed by no key that is trusted here")
	}
	text, err := base64.StdEncoding.DecodeString(reply.Signed)
	if err != nil {
		return Verdict{}, fmt.Errorf("response_base64 holds no base64: %w", err)
	}
	var response struct {
		Code      json.RawMessage `json:"code"` // a number, but for deactivate's text "400"
		Message   string          `json:"message"`
		Timestamp int64           `json:"timestamp"`
	}
	if err := json.Unmarshal(text, &response); err != nil {
		return Verdict{}, fmt.Errorf("the signed text is no answer: %w", err)
	}
	verdict := Verdict{Code: strings.Trim(string(response.Code), `"`), Message: response.Message}

	// An old answer is signed as well as a new one.
	age := time.Since(time.Unix(response.Timestamp, 0))
	if age > tolerance || age < -tolerance {
		return Verdict{}, fmt.Errorf("the answer is %.0f seconds old", age.Seconds())
	}
	// The global key signs "valid" for products without a key of their own: no answer for this one.
	if verdict.Code == "200" && signer != 0 {
		return Verdict{}, errors.New("valid, but for another product")
	}
	return verdict, nil
}

func post(address string, fields url.Values) ([]byte, error) {
	client := http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.PostForm(address, fields)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	// 401 and 403 carry signed refusals where the server runs with --http-status documented.
	case http.StatusOK, http.StatusUnauthorized, http.StatusForbidden:
		return io.ReadAll(io.LimitReader(answer.Body, 1_000_000))
	default:
		return nil, fmt.Errorf("HTTP %s", answer.Status)
	}
}

// signerOf gives the place of the key that made the signature, or -1.
func signerOf(signed, signature string, keys []*rsa.PublicKey) int {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return -1
	}
	digest := sha256.Sum256([]byte(signed))
	for place, key := range keys {
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], raw) == nil {
			return place
		}
	}
	return -1
}

// ParseKey takes a public key in PEM, -----BEGIN PUBLIC KEY-----.
func ParseKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the public key is no PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	if key, ok := key.(*rsa.PublicKey); ok {
		return key, nil
	}
	return nil, errors.New("the public key is not of RSA")
}

func run(arguments []string) (Verdict, error) {
	if len(arguments) < 5 || len(arguments) > 6 {
		return Verdict{}, errors.New("usage: check_license URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]")
	}
	var keys []*rsa.PublicKey
	// In your product the keys are constants of the program: whoever can change them can sell your licenses.
	for _, file := range arguments[4:] {
		text, err := os.ReadFile(file)
		if err != nil {
			return Verdict{}, err
		}
		key, err := ParseKey(text)
		if err != nil {
			return Verdict{}, err
		}
		keys = append(keys, key)
	}
	return CheckLicense(arguments[0], arguments[1], arguments[2], arguments[3], keys)
}

func main() {
	verdict, err := run(os.Args[1:])
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "not trustworthy:", err)
		os.Exit(2)
	case verdict.Code != "200":
		fmt.Println("refused:", verdict.Code, verdict.Message)
		os.Exit(1)
	default:
		fmt.Println("valid")
	}
}
