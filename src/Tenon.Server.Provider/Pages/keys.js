// The one script of the provider's pages: asks the browser for a key and sends its answer with the page's own form. Without it
// the forms of keys stay hidden, and the page has its other ways.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const toBytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const toText = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const withBytes = list => (list || []).map(one => ({ ...one, id: toBytes(one.id) }));

  async function ask(form) {
    const body = new URLSearchParams(new FormData(form));
    for (const name of ["cf-turnstile-response", "h-captcha-response"]) {
      const puzzle = document.querySelector(`[name="${name}"]`);
      if (puzzle) body.set(name, puzzle.value);
    }
    const response = await fetch(form.dataset.options, { method: "POST", body, credentials: "same-origin", redirect: "error" });
    const told = await response.json();
    if (!response.ok) throw new Error(told.msg || told.message || "The server could not be asked.");
    return told;
  }

  async function answer(told) {
    const options = told.options || told.webauthn.credential_options.publicKey;
    const key = await navigator.credentials.get({
      publicKey: { ...options, challenge: toBytes(options.challenge), allowCredentials: withBytes(options.allowCredentials) },
    });
    const { clientDataJSON, authenticatorData, signature, userHandle } = key.response;
    const response = { clientDataJSON: toText(clientDataJSON), authenticatorData: toText(authenticatorData), signature: toText(signature) };
    if (userHandle) response.userHandle = toText(userHandle);
    const credential = { id: key.id, rawId: toText(key.rawId), type: key.type, response, clientExtensionResults: {} };
    return JSON.stringify({ challenge_id: told.challenge_id || told.id, credential });
  }

  function say(form, text) {
    const place = form.querySelector("[role=alert]");
    place.textContent = text;
    place.hidden = false;
  }

  for (const form of document.querySelectorAll("form[data-options]")) {
    form.hidden = false;
    form.addEventListener("submit", async event => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        form.elements.answer.value = await answer(await ask(form));
        form.submit();
      } catch (e) {
        say(form, e.name === "NotAllowedError" ? "No key was used. Try again, or choose another way." : e.message);
        // A solved puzzle is good for one question.
        if (window.turnstile) window.turnstile.reset();
        if (window.hcaptcha) window.hcaptcha.reset();
        button.disabled = false;
      }
    });
  }
})();
