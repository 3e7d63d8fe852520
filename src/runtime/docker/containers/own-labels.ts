import { serverNameSchema } from "../../../base/spec/spec-schema.ts";
import { isOwned, type Labels, label, replicaOf } from "../engine/labels.ts";
import { containerName, namesOf } from "./container-name.ts";

export interface LabelledContainer {
  /** Its name, without the slash in front. */
  readonly name: string;
  readonly id: string;
  readonly labels: Labels;
  /** The image's labels: a container has each of them that it was not given itself. */
  readonly imageLabels: Labels;
}

/** The owner of a container, by labels that were given to it. */
export interface OwnLabels {
  readonly labels: Labels;
  readonly server: string;
  readonly instance: string;
  readonly replica: number;
  /** Whether it has one of the names that this instance of its server can have. */
  readonly isNamedSo: boolean;
}

/**
 * Reads the labels that a manager of this fleet gave a container, or says why they are not a manager's. Labels of its
 * image don't count: an image made of a server's container (`docker commit`) has all its labels, any image can have
 * some, and managers before 0.2 did not set labels without a value.
 */
export function ownLabels(container: LabelledContainer, fleet: string): OwnLabels | { readonly stranger: string } {
  const { name, id, imageLabels } = container;
  if (!isOwned(container.labels, fleet)) return { stranger: "it is not of this fleet" };
  const instance = container.labels[label.instance] ?? "";
  // Made anew for each container, so that no image can know it.
  if (instance === "" || instance === imageLabels[label.instance]) {
    return { stranger: `its label ${label.instance} is empty, or comes from its image` };
  }
  if (container.labels[label.spec] === undefined) return { stranger: `it has no label ${label.spec}` };
  const server = container.labels[label.server] ?? "";
  if (!serverNameSchema.safeParse(server).success) return { stranger: `${label.server} is not a server's name` };
  const given = withoutInherited(container);
  for (const labels of [container.labels, given]) {
    const replica = replicaOf(labels);
    if (replica === undefined || !namesOf(fleet, server, replica).has(name, id)) continue;
    return { labels: { ...given, [label.replica]: String(replica) }, server, instance, replica, isNamedSo: true };
  }
  return { labels: given, server, instance, replica: replicaOf(given) ?? 0, isNamedSo: false };
}

/** Why a container that has a server's labels and another name is left alone, as the end of "its container …". */
export function misnamed({ server, replica }: OwnLabels, fleet: string): string {
  return `is not named ${containerName(fleet, server, replica)}, as the container of ${server} must be: rename it, or remove it`;
}

/** Leaves out labels that may come from the image: the instance's number, and others that are empty for most. */
function withoutInherited({ labels, imageLabels }: LabelledContainer): Labels {
  const inherited = [label.replica, label.replaces, label.secrets, label.fileOwner].filter(
    (name) => labels[name] === imageLabels[name],
  );
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !inherited.some((other) => other === name)));
}
