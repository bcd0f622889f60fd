// The button that copies an API key. Without scripts it stays hidden, and the key is copied by hand.
const button = document.getElementById('copy');
const key = document.getElementById('api-key');
const copied = document.getElementById('copied');
button.hidden = false;
button.addEventListener('click', async () => {
  key.select();
  try {
    await navigator.clipboard.writeText(key.value);
    copied.textContent = button.dataset.copied;
  } catch {
    // The browser does not allow it: the key is selected, and the keyboard does the rest.
    copied.textContent = button.dataset.selected;
  }
});
