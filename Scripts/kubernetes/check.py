"""What Scripts/kubernetes/check checks, with the kubectl that it has found.

usage: check.py KUBECTL

Prints a line for each rendering that is in order, and one for each finding; exit status 1 means that there is one.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

import kubernetes_validate
import yaml

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text(encoding="utf-8")

Document = Dict[str, Any]
Reference = Tuple[str, str, Optional[str]]
"""A kind, a name, and a key of it if one is asked for."""


class Policy(NamedTuple):
    """What a NetworkPolicy must say."""

    pods: Set[str]
    comes_in: Set[str]
    goes_out: Set[str]


NAME = "app.kubernetes.io/name"
"""The label that only our pods have with a name of ours."""

DATABASE_AND_NAMES = {"TCP 5432", "UDP 53", "TCP 53"}
POLICIES = {
    "embedding-job": Policy({"CronJob embedding-job"}, set(), DATABASE_AND_NAMES),
    "embedding-backfill": Policy({"Job embedding-backfill"}, set(), DATABASE_AND_NAMES),
    "catalog-server": Policy({"Deployment catalog-server"}, {"TCP 8000"}, DATABASE_AND_NAMES),
    "catalog-fetch": Policy(
        {f"CronJob catalog-fetch-{command}" for command in ("huggingface", "kaggle-latest", "kaggle-enrich")},
        set(),
        DATABASE_AND_NAMES | {"TCP 443"},
    ),
}
"""All of them: a pod that none is meant for, and a policy that is not listed, are findings."""

CONFINED_POD = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONFINED_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}

TOGETHER = ["drain", "service", "sources"]
"""The overlays that README.md says go into one kustomization, with either of the backfills."""


class Failure(Exception):
    """A finding after which there is nothing to look at."""


def label(document: Document) -> str:
    """What a document is called in messages."""
    return f"{document['kind']} {document['metadata']['name']}"


def listed(things: Iterable[str]) -> str:
    """Things in a sentence."""
    return ", ".join(sorted(things)) or "none"


# Rendering


def render(kubectl: str, folder: Path) -> str:
    """What `kubectl apply -k` would send."""
    outcome = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
    if outcome.returncode != 0 or outcome.stderr:
        raise Failure(" ".join(outcome.stderr.split()) or f"kubectl kustomize ends with {outcome.returncode}")
    return outcome.stdout


def idle_entries(kubectl: str, folder: Path, rendered: str) -> Iterator[str]:
    """Patches and images without which nothing is different: Kustomize is silent about a target that is not there."""
    file = folder / "kustomization.yaml"
    text = file.read_text(encoding="utf-8")
    for key in ("patches", "images"):
        entries = yaml.safe_load(text).get(key, [])
        for index in range(len(entries)):
            others = {**yaml.safe_load(text), key: entries[:index] + entries[index + 1 :]}
            file.write_text(yaml.safe_dump(others), encoding="utf-8")
            try:
                if render(kubectl, folder) == rendered:
                    yield f"number {index + 1} of its {key} changes nothing"
            except Failure:
                pass  # What comes later builds on it.
    file.write_text(text, encoding="utf-8")


# Schemas


def misfits(documents: List[Document], versions: List[str]) -> Iterator[str]:
    """Where documents are not what versions of Kubernetes accept."""
    for document in documents:
        for version in versions:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{label(document)}: Kubernetes {version}: {error.json_path}: {error.message}"
            except kubernetes_validate.SchemaNotFoundError as error:
                yield f"{label(document)}: Kubernetes {version} has no {error.kind} of {error.api_version}"


# Pods


def pods(documents: List[Document]) -> Iterator[Tuple[str, Document]]:
    """The templates of pods, by what makes them."""
    for document in documents:
        spec = document.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield label(document), template


def containers(pod: Document) -> List[Document]:
    """All containers of a pod."""
    return pod["spec"].get("initContainers", []) + pod["spec"]["containers"]


def loose_pods(documents: List[Document]) -> Iterator[str]:
    """Pods that are less confined than all are meant to be, say because a patch has taken something back."""
    for name, pod in pods(documents):
        spec = pod["spec"]
        if shared := [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]:
            yield f"{name}: its pods share with the node: {listed(shared)}"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name}: its pods must have automountServiceAccountToken: false"
        if not CONFINED_POD.items() <= spec.get("securityContext", {}).items():
            yield f"{name}: the securityContext of its pods must have {CONFINED_POD}"
        for container in containers(pod):
            if container.get("securityContext") != CONFINED_CONTAINER:
                yield f"{name}: the securityContext of container {container['name']} must be {CONFINED_CONTAINER}"


def loose_images(documents: List[Document]) -> Iterator[str]:
    """Images of which the cluster could run another one tomorrow."""
    for name, pod in pods(documents):
        for container in containers(pod):
            image = container["image"]
            tag = image.rpartition("/")[2].partition(":")[2]
            if "@sha256:" not in image and tag in ("", "latest"):
                yield f"{name}: its image {image} has no tag that stays"


# Networks


def ports(rules: List[Document]) -> Set[str]:
    """The ports of rules, with their protocols."""
    found = set()
    for rule in rules:
        for port in rule.get("ports") or [{}]:
            span = f"{port.get('port', 'all')}-{port['endPort']}" if "endPort" in port else port.get("port", "all")
            found.add(f"{port.get('protocol', 'TCP')} {span}")
    return found


def loose_policies(documents: List[Document]) -> Iterator[str]:
    """Policies that select other pods or ports than they are meant to, and pods without a policy."""
    labels = {name: pod["metadata"].get("labels", {}).items() for name, pod in pods(documents)}
    selecting: Dict[str, List[str]] = {name: [] for name in labels}
    for document in documents:
        if document["kind"] != "NetworkPolicy":
            continue
        name, spec = document["metadata"]["name"], document["spec"]
        meant = POLICIES.get(name)
        selector = spec.get("podSelector", {})
        if meant is None or set(selector) != {"matchLabels"}:
            yield f"{label(document)}: not one that is known here, or it selects by more than labels"
            continue
        if NAME not in selector["matchLabels"]:
            yield f"{label(document)}: without {NAME} it could select pods of others"
        selected = {pod for pod in labels if selector["matchLabels"].items() <= labels[pod]}
        for pod in selected:
            selecting[pod].append(name)
        if selected != meant.pods:
            yield f"{label(document)}: selects the pods of: {listed(selected)}; meant: {listed(meant.pods)}"
        for direction, allowed in (("Ingress", meant.comes_in), ("Egress", meant.goes_out)):
            open_ports = ports(spec.get(direction.lower(), [])) if direction in spec.get("policyTypes", []) else {"all"}
            if open_ports != allowed:
                yield f"{label(document)}: {direction} is open for {listed(open_ports)}; meant: {listed(allowed)}"
    for pod, names in selecting.items():
        if len(names) != 1:
            yield f"{pod}: NetworkPolicies that select its pods: {listed(names)}; meant: one"


# Secrets and the like


def references(node: Any) -> Iterator[Reference]:
    """What a pod needs besides itself."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    if not isinstance(node, dict):
        return
    for kind, field in (("Secret", "secret"), ("ConfigMap", "configMap")):
        for key in (field, f"{field}Ref", f"{field}KeyRef"):
            if isinstance(node.get(key), dict):
                name = node[key].get("secretName") or node[key].get("name")
                items = [item["key"] for item in node[key].get("items", [])] or [node[key].get("key")]
                yield from ((kind, name, item) for item in items)
    for secret in node.get("imagePullSecrets", []):
        yield "Secret", secret["name"], None
    if "claimName" in node:
        yield "PersistentVolumeClaim", node["claimName"], None
    if "serviceAccountName" in node:
        yield "ServiceAccount", node["serviceAccountName"], None
    for value in node.values():
        yield from references(value)


def made_by_hand() -> Set[Reference]:
    """What README.md has one make, with and without its keys."""
    kinds = {"secret generic": "Secret", "configmap": "ConfigMap", "serviceaccount": "ServiceAccount"}
    made: Set[Reference] = set()
    commands = re.findall(rf"kubectl create ({'|'.join(kinds)}) (\S+)(.*)", README.replace("\\\n", " "))
    for kind, name, rest in commands:
        made.add((kinds[kind], name, None))
        made.update((kinds[kind], name, key) for key in re.findall(r"--from-(?:literal|file)=([^=\s]+)=", rest))
    return made


def dangling(documents: List[Document]) -> Iterator[str]:
    """References to what nobody makes."""
    made = made_by_hand()
    for document in documents:
        made.add((document["kind"], document["metadata"]["name"], None))
        for field in ("data", "stringData"):
            made.update((document["kind"], document["metadata"]["name"], key) for key in document.get(field) or {})
    for name, pod in pods(documents):
        for kind, thing, key in references(pod["spec"]):
            if (kind, thing, key) not in made:
                what = f"{key} of the {kind} {thing}" if key else f"the {kind} {thing}"
                yield f"{name}: needs {what}, which is neither rendered nor made by a command in README.md"


# README.md


def example() -> str:
    """The kustomization in README.md."""
    blocks = re.findall(r"```yaml\n(apiVersion: kustomize.*?)```", README, re.DOTALL)
    if len(blocks) != 1:
        raise Failure(f"README.md has {len(blocks)} kustomizations; one is expected")
    return blocks[0]


def claimed_versions() -> Tuple[str, str]:
    """The oldest Kubernetes for everything, and for the overlay drain alone."""
    claim = re.search(r"Kubernetes (1\.\d+) or later \(the\s+CronJob alone: (1\.\d+)\)", README)
    if not claim:
        raise Failure("README.md does not say which Kubernetes it takes")
    return claim[1], claim[2]


# All of it


def check(kubectl: str, name: str, folder: Path, versions: List[str], needed: Set[Reference]) -> List[str]:
    """The findings of a kustomization; what its pods need is added to `needed`."""
    try:
        rendered = render(kubectl, folder)
    except Failure as failure:
        return [str(failure)]
    documents = list(yaml.safe_load_all(rendered))
    findings = list(misfits(documents, versions))
    if not findings:  # The rest takes the shape of documents for granted.
        findings += idle_entries(kubectl, folder, rendered)
        for look in (loose_pods, loose_images, loose_policies, dangling):
            findings += look(documents)
        needed.update(reference for _, pod in pods(documents) for reference in references(pod["spec"]))
    if not findings:
        print(f"check: {name}: {len(documents)} documents for Kubernetes {', '.join(versions)}")
    return findings


def main(kubectl: str) -> int:
    """Checks a copy, in which kustomizations can be added and changed."""
    findings: List[str] = []
    needed: Set[Reference] = set()
    oldest, oldest_of_drain = claimed_versions()
    newest = kubernetes_validate.latest_version().rpartition(".")[0]
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for name in ("base", "overlays"):
            shutil.copytree(HERE / name, root / name)
        overlays = sorted(folder.name for folder in (root / "overlays").iterdir())
        folders = {f"overlays/{name}": root / "overlays" / name for name in overlays}
        added = {"the example of README.md": example()}
        for backfill in ("backfill", "backfill-gpu"):
            resources = [f"../overlays/{name}" for name in TOGETHER + [backfill]]
            added[f"{', '.join(TOGETHER)} and {backfill} together"] = yaml.safe_dump({"resources": resources})
        for index, (name, text) in enumerate(added.items()):
            folders[name] = root / f"added-{index}"
            folders[name].mkdir()
            (folders[name] / "kustomization.yaml").write_text(text, encoding="utf-8")
        for name, folder in folders.items():
            versions = [oldest, newest] if name != "overlays/drain" else [oldest_of_drain, oldest, newest]
            findings += (f"{name}: {finding}" for finding in check(kubectl, name, folder, versions, needed))
    if not findings:
        for kind, name, key in sorted(made_by_hand() - needed, key=str):
            if key:
                findings.append(f"README.md: no pod reads {key} of the {kind} {name}")
    for finding in findings:
        print(f"check: {finding}", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except Failure as failure:
        sys.exit(f"check: {failure}")
