// The systems' folders, `crates/families/FAMILY/src/SYSTEM/`, for whatever is tested of all of them.
import { existsSync, readdirSync, readFileSync } from "node:fs";

const FAMILIES = new URL("../crates/families/", import.meta.url);

/** All systems by family and name: their labs' identifiers and their folders. */
export const systems = readdirSync(FAMILIES)
  .sort()
  .flatMap((family) => {
    const source = new URL(`${family}/src/`, FAMILIES);
    const names = readdirSync(source).filter((name) => existsSync(new URL(`${name}/expect.json`, source)));
    return names.sort().map((name) => ({ id: name.replaceAll("_", "-"), folder: new URL(`${name}/`, source) }));
  });

/** A file in the folder of a lab's system. */
export function fileOf(lab, path) {
  const system = systems.find(({ id }) => id === lab);
  if (!system) throw new Error(`there is no system ${lab}`);
  return new URL(path, system.folder);
}

/** A run of a lab that is kept as a file. */
export const runOf = (lab, path) => JSON.parse(readFileSync(fileOf(lab, path), "utf8"));

/** What a system expects of itself. */
export const expectationsOf = (lab) => runOf(lab, "expect.json");

/** The files in one of a system's folders that end so, by name. */
export function filesOf({ folder }, name, end) {
  const inside = new URL(`${name}/`, folder);
  if (!existsSync(inside)) return [];
  return readdirSync(inside).filter((file) => file.endsWith(end)).sort().map((file) => new URL(file, inside));
}
