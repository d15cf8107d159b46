// What the page holds: facts as JSON, everything else as packed bytes.

const facts = JSON.parse(document.getElementById("facts").textContent);

/** Bytes from text of fifteen bits a character. */
function unpacked(text, length) {
  const bytes = new Uint8Array(length);
  let held = 0, bits = 0, place = 0;
  for (let i = 0; place < length; i++) {
    held = (held << 15) | (text.charCodeAt(i) - 256);
    bits += 15;
    while (bits >= 8 && place < length) {
      bits -= 8;
      bytes[place++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return bytes;
}

/** What gzip had made smaller. */
async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Numbers whose i-th bytes stand together, put together again. */
function joined(bytes, planes) {
  const count = Math.floor(bytes.length / planes);
  const made = new Uint8Array(bytes.length);
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < count; i++) made[i * planes + plane] = bytes[plane * count + i];
  }
  made.set(bytes.subarray(count * planes), count * planes);
  return made;
}

/** The bytes that facts speak of; their text is dropped, so they can be had once. */
async function blob(about) {
  const element = document.getElementById(`blob-${about.blob}`);
  const bytes = await inflated(unpacked(element.textContent, about.packed));
  element.remove();
  return about.planes > 1 ? joined(bytes, about.planes) : bytes;
}
