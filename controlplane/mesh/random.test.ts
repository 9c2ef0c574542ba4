import { describe, expect, test } from "vitest";
import { random } from "./random.ts";

describe("random", () => {
  test("a seed stands for these numbers, on every machine", () => {
    const draw = random(1);
    expect([draw.below(1000), draw.below(1000), draw.below(1000), draw.below(1000)]).toEqual([
      627, 2, 527, 981,
    ]);
  });

  test("a sample has different values, and all of them where there are not enough", () => {
    const draw = random(7);
    const values = Array.from({ length: 20 }, (_, index) => index);
    const seen = new Set<number>();
    for (let turn = 0; turn < 200; turn++) {
      const sample = draw.sample(values, 5);
      expect(new Set(sample).size).toBe(5);
      for (const value of sample) seen.add(value);
    }
    expect(seen.size).toBe(20);
    expect([...draw.sample(values, 99)].sort((a, b) => a - b)).toEqual(values);
    expect(draw.sample(values, 0)).toEqual([]);
  });

  test("normal numbers have mean 0 and deviation 1", () => {
    const draw = random(3);
    const values = Array.from({ length: 20_000 }, () => draw.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });
});
