// Pixels: RGB bytes, row by row, as the networks take and give them.

const MAP_FULL = 85;
const MAP_COLOURS = [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]];

/** Paint pixels into a canvas of their own size. */
function paint(canvas, pixels, width, height = width) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0, j = 0; i < pixels.length; i += 3, j += 4) {
    image.data[j] = pixels[i];
    image.data[j + 1] = pixels[i + 1];
    image.data[j + 2] = pixels[i + 2];
    image.data[j + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The colour of a share of the scale. */
function colour(share) {
  const place = Math.min(share, 1) * (MAP_COLOURS.length - 1);
  const before = Math.min(Math.floor(place), MAP_COLOURS.length - 2);
  const rest = place - before;
  return MAP_COLOURS[before].map((low, i) => low + rest * (MAP_COLOURS[before + 1][i] - low));
}

/** Mean absolute difference, in levels of 255. */
function distance(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += Math.abs(one[i] - other[i]);
  return sum / one.length;
}

/** Where two pictures differ, as a picture. */
function differences(one, other) {
  const made = new Uint8ClampedArray(one.length);
  for (let i = 0; i < one.length; i += 3) {
    const off = [0, 1, 2].reduce((sum, c) => sum + Math.abs(one[i + c] - other[i + c]), 0) / 3;
    made.set(colour(off / MAP_FULL), i);
  }
  return made;
}

/** Frames one beside the other. */
function beside(frames, side) {
  const width = frames.length * side;
  const made = new Uint8Array(width * side * 3);
  frames.forEach((frame, place) => {
    for (let y = 0; y < side; y++) {
      made.set(frame.subarray(y * side * 3, (y + 1) * side * 3), (y * width + place * side) * 3);
    }
  });
  return [made, width];
}

/** The square in the middle of a picture file, halved step by step to the side that networks take. */
async function fromFile(file, side) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  let square = Math.min(bitmap.width, bitmap.height);
  let image = bitmap, left = (bitmap.width - square) / 2, top = (bitmap.height - square) / 2;
  while (square > 2 * side) {
    const half = Math.max(side, Math.ceil(square / 2));
    image = shrunk(image, left, top, square, half);
    [left, top, square] = [0, 0, half];
  }
  image = shrunk(image, left, top, square, side);
  bitmap.close();
  const data = image.getContext("2d").getImageData(0, 0, side, side).data;
  return Uint8Array.from({ length: side * side * 3 }, (_, i) => data[Math.floor(i / 3) * 4 + (i % 3)]);
}

/** A square of an image at another size, on white. */
function shrunk(image, left, top, square, side) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, left, top, square, square, 0, 0, side, side);
  return canvas;
}
