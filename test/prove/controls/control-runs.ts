import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "@tessera/testkit/services";
import type { Children } from "@tessera/testkit/stores/children";
import { ClosingTime } from "../buyers/desk.ts";
import { findOrganiser, signUpPeople } from "../buyers/person.ts";
import { RestClient } from "../buyers/rest-client.ts";
import { marksOf } from "../checker/gather.ts";
import { StreamReader } from "../checker/stream-reader.ts";
import type { Violation } from "../checker/violation.ts";
import { openWorld } from "../world/open-world.ts";
import type { World } from "../world/world.ts";
import type { Control } from "./control.ts";
import { BREAKING, SCENES, type Scene } from "./scenes.ts";
import { type Cast, Stage } from "./stage.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** What became of a control. */
export interface ControlResult {
  control: Control;
  /** What the checker found, of whatever claim. */
  caught: readonly Violation[];
  /** True when it found a violation of each claim that the control must break. */
  isCaught: boolean;
}

/** How many people the scenes are played with. */
const PEOPLE = 40;
/** How long all may take to become quiet: what is broken never does. In milliseconds. */
const QUIET_MS = { changed: 3_000, unchanged: 20_000 };
/** How long signing in may take, in milliseconds. */
const TIMEOUT_MS = 10_000;
const PRELOAD = join(import.meta.dirname, "preload.ts");

/** A world whose services can be run with one control in force, or with none. */
export class ControlRuns {
  readonly #world: World;
  readonly #cast: Cast;
  /** Where services read which control is in force. */
  readonly #file: string;
  readonly #stream: StreamReader;
  #inForce: Control | undefined;

  private constructor(world: World, cast: Cast, file: string) {
    this.#world = world;
    this.#stream = new StreamReader({ url: world.redis.url });
    this.#cast = cast;
    this.#file = file;
  }

  /** Opens the world below `folder`, with the product as it is. */
  static async open(options: { folder: string; children: Children }): Promise<ControlRuns> {
    const file = `${options.folder}.control`;
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "");
    const preloads = Object.fromEntries(SERVICES.map((service) => [service, [PRELOAD]]));
    const named = { PROVE_CONTROL_FILE: file };
    const env = Object.fromEntries(SERVICES.map((service) => [service, named]));
    const replicas = { "user-svc": 1 };
    const world = await openWorld({ ...options, replicas, preloads, env });
    try {
      const client = new RestClient(world.url, { sockets: 1, timeoutMs: TIMEOUT_MS });
      const organiser = await findOrganiser(client).finally(() => client.close());
      const cast = { organiser, people: await signUpPeople(world.url, PEOPLE) };
      return new ControlRuns(world, cast, file);
    } catch (reason) {
      await world.close();
      throw reason;
    }
  }

  /** Ends the world. */
  async close(): Promise<void> {
    await this.#stream.stop();
    await this.#world.close();
  }

  /** Plays a control's scene with the control in force. */
  async run(control: Control): Promise<ControlResult> {
    await this.#force(control);
    const { violations: caught } = await this.#play(sceneOf(control), QUIET_MS.changed);
    const broken = new Set(caught.map(({ claim }) => claim));
    return { control, caught, isCaught: control.expects.every((claim) => broken.has(claim)) };
  }

  /** Plays the controls' scenes with the product as it is: nothing may be found then. */
  async rehearse(controls: readonly Control[]): Promise<Verdict> {
    await this.#force(undefined);
    const scenes = [...new Set(controls.map(sceneOf))];
    const play: Scene = async (stage) => {
      await Promise.all(
        scenes.filter((scene) => !BREAKING.has(scene)).map((scene) => scene(stage)),
      );
      for (const scene of scenes.filter((one) => BREAKING.has(one))) {
        await scene(stage);
      }
    };
    return await this.#play(play, QUIET_MS.unchanged);
  }

  async #play(scene: Scene, quietMs: number): Promise<Verdict> {
    const stage = new Stage(this.#world, this.#cast);
    try {
      const after = await marksOf(this.#world.mysqlUrls);
      await scene(stage).catch(unlessLate);
      return await verdictOf(stage, { stream: this.#stream, after, quietMs });
    } finally {
      stage.close();
    }
  }

  /** Those whose sources or settings are others than before are started anew. */
  async #force(control: Control | undefined): Promise<void> {
    const stale = new Set([...servicesOf(this.#inForce), ...servicesOf(control)]);
    if (this.#inForce === control) {
      return;
    }
    this.#inForce = control;
    writeFileSync(this.#file, control?.name ?? "");
    const replicas = [...stale].flatMap((service) => this.#world.replicas(service));
    await Promise.all(replicas.map(({ process }) => process.kill()));
    await Promise.all(replicas.map(({ process }) => process.start()));
  }
}

/** What is broken may keep people busy for ever: it is judged by what they did until then. */
function unlessLate(reason: unknown): void {
  if (!(reason instanceof ClosingTime)) {
    throw reason;
  }
}

function servicesOf(control: Control | undefined): ServiceName[] {
  return SERVICES.filter(
    (name) =>
      control?.settings?.[name] !== undefined ||
      control?.changes.some(({ service }) => service === name),
  );
}

function sceneOf({ name }: Control): Scene {
  const scene = SCENES[name];
  if (scene === undefined) {
    throw new Error(`there is no scene for the control ${name}`);
  }
  return scene;
}
