import type { Addresses } from "../codegen/module.ts";
import type { AddressPlan } from "../xds/address-plan.ts";
import type { LaidChain } from "../xds/laid-chain.ts";

const nobody: Addresses = { except: false, list: [] };
const everybody: Addresses = { except: true, list: [] };

/**
 * A chain for connections that is on its way out, told whom the chains that come after it let none through from: it closes these
 * connections at once, and has what else is open until it is gone. Any other chain as it is.
 */
export function closing(chain: LaidChain, after: readonly LaidChain[], addresses: AddressPlan): LaidChain {
  const { except, list } = after.map((next) => refusedOn(chain, next, addresses)).reduce(either, nobody);
  if (!except && list.length === 0) return chain;
  const line = `@close\t${except ? "!" : ""}${list.join(",")}\n`;
  return {
    ...chain,
    slots: chain.slots.map((slot) => ({ ...slot, configuration: `${slot.configuration}${line}` })),
  };
}

/** Which of the first chain's callers the second one refuses. */
function refusedOn(chain: LaidChain, next: LaidChain, addresses: AddressPlan): Addresses {
  const { refuses } = next;
  if (chain.refuses === undefined || refuses === undefined || storeOf(chain) !== storeOf(next)) return nobody;
  const own = addresses.sources(chain.service);
  if (chain.callee === undefined) {
    if (next.callee === undefined) return refuses;
    // What one caller's proxy refuses is refused to that caller alone.
    const list = addresses.sources(next.service);
    return list.some((address) => has(refuses, address)) ? { except: false, list } : nobody;
  }
  const isOwn = next.callee === undefined || next.service === chain.service;
  return isOwn && own.some((address) => has(refuses, address)) ? everybody : nobody;
}

/** Whom the connections of a chain are for. */
function storeOf({ callee, service }: LaidChain): string {
  return callee ?? service;
}

function has({ except, list }: Addresses, address: string): boolean {
  return list.includes(address) !== except;
}

function either(a: Addresses, b: Addresses): Addresses {
  if (a.except && b.except) return { except: true, list: a.list.filter((each) => b.list.includes(each)) };
  if (!a.except && !b.except) return { except: false, list: [...new Set([...a.list, ...b.list])].sort() };
  const [all, some] = a.except ? [a, b] : [b, a];
  return { except: true, list: all.list.filter((each) => !some.list.includes(each)) };
}
