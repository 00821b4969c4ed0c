const form = document.getElementById('passkey');
const options = JSON.parse(form.dataset.options);
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    const credential = form.dataset.ceremony === 'create'
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    document.getElementById('problem').textContent = `The passkey was not used: ${error.message}`;
  }
});
