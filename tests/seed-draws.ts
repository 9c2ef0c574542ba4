// For properties that say nothing of a seed: fast-check draws one, and prints it where one fails.
import fc from "fast-check";
import { givenSeed } from "./seed.ts";

if (givenSeed !== undefined) fc.configureGlobal({ seed: givenSeed });
