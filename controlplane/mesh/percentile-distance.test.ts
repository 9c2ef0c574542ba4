import { describe, expect, test } from "vitest";
import { percentileDistance } from "./percentile-distance.ts";

const hundred = Array.from({ length: 100 }, (_, index) => index + 1);

describe("percentileDistance", () => {
  test("is 0 where the percentiles are those of the values", () => {
    expect(percentileDistance(hundred, { 1: 1, 50: 50, 75: 75, 99: 99 })).toBe(0);
    expect(percentileDistance([3, 3, 3], { 5: 3, 50: 3, 99: 3 })).toBe(0);
  });

  test("is how far the share of values is off, in either direction", () => {
    expect(percentileDistance(hundred, { 50: 40 })).toBeCloseTo(0.1);
    expect(percentileDistance(hundred, { 50: 61 })).toBeCloseTo(0.1);
    expect(percentileDistance(hundred, { 50: 61, 99: 70 })).toBeCloseTo(0.29);
    expect(percentileDistance([1], { 50: 2 })).toBe(0.5);
  });

  test("of nothing there is none", () => {
    expect(percentileDistance([], { 50: 2 })).toBeNaN();
  });
});
