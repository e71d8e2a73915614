/**
 * The cube root of a number that is not negative, to within two units in the last place. Additions, multiplications and divisions only, whose
 * results IEEE 754 pins to the bit: `Math.cbrt` may differ from one machine to another, and with it a run that is to be made again.
 */
export function cubeRoot(x: number): number {
  if (!(x > 0)) return 0;
  if (x === Number.POSITIVE_INFINITY) return x;
  // Scaled by powers of eight, which change no digit, into [1, 8).
  let scaled = x;
  let scale = 1;
  while (scaled >= 8) {
    scaled /= 8;
    scale *= 2;
  }
  while (scaled < 1) {
    scaled *= 8;
    scale /= 2;
  }
  // Newton's method from a chord that is at most 0.2 off: each step doubles the digits.
  let root = 1 + (scaled - 1) / 7;
  for (let i = 0; i < 6; i++) root = (2 * root + scaled / (root * root)) / 3;
  return root * scale;
}
