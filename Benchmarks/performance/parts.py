"""The commands that measure, and what each of them needs."""

import shlex
from dataclasses import dataclass, field

from .prerequisites import Need, built, database, instructions, model, peers, room, two_processors, wrk

AVX2_ALONE = {"CT2_FORCE_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
"""What keeps CTranslate2 and its libraries from AVX-512."""


@dataclass(frozen=True)
class Part:
    """A command that measures. REGISTRY and SHORT stand for the files of texts."""

    name: str
    command: str
    full: str
    """Further arguments, and those of --quick in their place."""
    quick: str
    minutes: float
    """On two cores of a Zen 5 that do nothing else, with the texts of the README."""
    quick_minutes: float = 0.25
    needs: tuple[Need, ...] = ()
    """Beyond what all need."""
    gigabytes: float = 0.5
    """Of disk, in the temporary folder and in .local alike."""
    environment: dict[str, str] = field(default_factory=dict)

    def missing(self) -> str | None:
        """The first thing that is missing, and how to get it."""
        needs = (built("embedding-job"), model, *self.needs, room(self.gigabytes))
        return next(filter(None, (need() for need in needs)), None)

    def words(self, is_quick: bool, texts: dict[str, str]) -> list[str]:
        """The command with files in the place of words."""
        words = shlex.split(f"{self.command} {self.quick if is_quick else self.full}")
        return [texts.get(word, word) for word in words]

    def shown(self, is_quick: bool, texts: dict[str, str]) -> str:
        """The command as one would enter it."""
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        return " ".join([*settings, shlex.join(self.words(is_quick, texts))])

    @property
    def prints_json(self) -> bool:
        """Whether it has its figures on standard output, and not in a file that --json names."""
        return self.command.startswith(".build/")

    @property
    def reports(self) -> bool:
        """Whether it writes a report, for which --results names the folder."""
        return self.command.startswith("Benchmarks/peers/run")


def comparison(
    name: str, arguments: str, ours: str = "", *needs: Need, minutes: float, environment: dict[str, str] | None = None
) -> Part:
    """Ours and another library on both files of texts."""
    command = f"Benchmarks/peers/run {arguments} --texts REGISTRY --texts SHORT"
    command += f" '--ours-arguments={ours}'" if ours else ""
    needs = (*needs, built("microbenchmarks"), peers)
    return Part(name, command, "--repetitions 3", "--repetitions 1", minutes, 0.4, needs, environment=environment or {})


def products(name: str, texts: str) -> Part:
    """The encoder against products of matrices alone."""
    command = f".build/release/embedding-job bench --model weights/all-MiniLM-L6-v2 --input {texts} --batch-sizes 100 --json"
    return Part(name, command, "--repetitions 3", "--repetitions 1", 0.7)


ONE, TWO = "--threads 1 --peers ctranslate2", "--threads 2 --peers ctranslate2"
AVX512, VNNI = instructions("avx512f", "AVX-512"), instructions("avx512_vnni", "AVX-512 VNNI")
ALL = [
    comparison("exact-avx512", ONE, "", AVX512, minutes=4.5),
    comparison("exact-avx2", ONE, "--gemm packed-baseline", minutes=6.5, environment=AVX2_ALONE),
    comparison("fast-avx512", f"{ONE}-int8", "--precision fast", VNNI, minutes=3),
    comparison("fast-avx2", f"{ONE}-int8", "--gemm packed-baseline --precision fast", minutes=4.5, environment=AVX2_ALONE),
    comparison("exact-two-threads", TWO, "", AVX512, two_processors, minutes=2.5),
    comparison("fast-two-threads", f"{TWO}-int8", "--precision fast", VNNI, two_processors, minutes=2),
    comparison("sentence-transformers", "--threads 2 --peers sentence-transformers", "", two_processors, minutes=3),
    products("products-registry", "REGISTRY"),
    products("products-short", "SHORT"),
    Part("drain", "Benchmarks/drain --texts REGISTRY", "--repetitions 3", "--repetitions 1", 1, needs=(database,)),
    Part("memory", "Benchmarks/drain --texts REGISTRY --repetitions 1", "--rows 10000", "--rows 100", 4, needs=(database,)),
    Part("ceiling", "Benchmarks/ceiling", "--rows 100000", "--rows 2000 --repetitions 1", 2.5, needs=(database,), gigabytes=1),
    Part(
        "documents", "Benchmarks/documents --texts REGISTRY --texts SHORT", "--rows 10000", "--rows 500 --repetitions 1", 2,
        needs=(database,), gigabytes=1,
    ),
    Part("search", "Benchmarks/search", "--rows 100000", "--rows 1000 --repetitions 1", 4, needs=(database,), gigabytes=2),
    Part(
        "service", "Benchmarks/service --clients 4", "--rows 100000 --seconds 15 --requests 100000",
        "--rows 1000 --seconds 2 --requests 1000", 6, needs=(built("catalog-server"), wrk, database), gigabytes=2,
    ),
    Part(
        "seed", "Benchmarks/sources/seed", "--datasets 600000", "--datasets 2000", 3,
        needs=(built("catalog-fetch"), database), gigabytes=4,
    ),
]  # fmt: skip
PARTS = {part.name: part for part in ALL}
