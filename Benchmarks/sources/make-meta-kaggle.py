#!/usr/bin/env python3
"""Writes a folder of CSV files in the form of Meta Kaggle, of any size and always the same for one seed.

By default it has 600,000 data sets with 1.3 versions each, and DatasetVersions.csv is some 750 MB. Sizes of texts, quotes,
newlines, characters beyond ASCII, references that lead nowhere and byte counts as floating point follow what readers of
the real files report. Needs nothing but Python's standard library.
"""

import argparse
import os
import random
import time

WORDS = (
    "data set of the and in for with by from year sales prices weather images text labels train test country city "
    "daily monthly features columns rows survey health population market stock movie music sensor traffic energy "
    "housing medical clinical customer review sentiment language école población naïve Zürich данные 数据集 データ 🚀"
).split()
LICENSES = ["CC0: Public Domain", "Unknown", "MIT", "Other (specified in description)", '"Open", with quotes']


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", help="where the files go; made if it is not there")
    parser.add_argument("--datasets", type=int, default=600_000)
    parser.add_argument("--users", type=int, default=3_000_000, help="rows of Users.csv, some 50 bytes each")
    parser.add_argument("--organizations", type=int, default=3_000)
    parser.add_argument("--tags", type=int, default=1_000, help="rows of Tags.csv")
    parser.add_argument("--tags-per-dataset", type=float, default=2_500_000 / 600_000)
    parser.add_argument("--versions-per-dataset", type=float, default=1.3)
    parser.add_argument("--description-bytes", type=int, default=690, help="the mean")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def quoted(text):
    """A field as Meta Kaggle has it: in quotes where it needs them."""
    if any(character in text for character in '",\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def date(chance, first_year=2016):
    """A date and time in the American form."""
    return (
        f"{chance.randint(1, 12):02}/{chance.randint(1, 28):02}/{chance.randint(first_year, 2025)} "
        f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}"
    )


class Texts:
    """Sentences and paragraphs that are made once and drawn from, so that a gigabyte takes seconds."""

    def __init__(self, chance):
        self.chance = chance
        self.titles = [" ".join(chance.choices(WORDS, k=chance.randint(2, 7))).capitalize() for _ in range(5_000)]
        paragraphs = [self.paragraph() for _ in range(5_000)]
        # Quoted beforehand: only the bytes of the file matter here.
        self.paragraphs = [paragraph.replace('"', '""') for paragraph in paragraphs]
        self.mean = sum(len(paragraph.encode()) for paragraph in self.paragraphs) / len(self.paragraphs)

    def paragraph(self):
        words = self.chance.choices(WORDS, k=self.chance.randint(5, 60))
        if self.chance.random() < 0.3:
            words[0] = '"' + words[0] + '",'
        ending = self.chance.choice([".\n\n", ".\n", ".\r\n", "\n- ", " `a,b,c`\n"])
        return " ".join(words) + ending

    def description(self, mean_bytes):
        """Nothing for a fifth of them, long ones of up to 200 KB for one in a thousand."""
        if self.chance.random() < 0.2:
            return ""
        if self.chance.random() < 0.001:
            size = self.chance.randint(20_000, 200_000)
        else:
            size = self.chance.expovariate(0.8 / mean_bytes)
        count = max(1, round(size / self.mean))
        return '"' + "".join(self.chance.choices(self.paragraphs, k=count)).rstrip() + '"'


class Writer:
    """A CSV file that is written in large pieces, with CRLF as line ends."""

    def __init__(self, folder, name, header):
        self.file = open(os.path.join(folder, name), "w", encoding="utf-8", newline="", buffering=1 << 20)
        self.file.write(header + "\r\n")

    def row(self, *fields):
        self.file.write(",".join(map(str, fields)) + "\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        print(f"{os.path.basename(self.file.name)}: {self.file.tell() / 1e6:.0f} MB", flush=True)
        self.file.close()


def write_users(options, chance):
    with Writer(options.folder, "Users.csv", "Id,UserName,DisplayName,RegisterDate,PerformanceTier,Country") as users:
        for number in range(1, options.users + 1):
            # One in a thousand is missing.
            if number % 1_000 != 999:
                users.row(number * 7, f"user{number}", f"User {number % 9_973}", "03/12/2019", number % 5, "")


def write_organizations(options, chance):
    header = "Id,Name,Slug,CreationDate,Description"
    with Writer(options.folder, "Organizations.csv", header) as organizations:
        for number in range(1, options.organizations + 1):
            organizations.row(number, quoted(f"Organization, No. {number}"), f"org-{number}", date(chance), "")


def write_tags(options, chance):
    header = "Id,ParentTagId,Name,Slug,FullPath,Description,DatasetCount,CompetitionCount,KernelCount"
    with Writer(options.folder, "Tags.csv", header) as tags:
        for number in range(1, options.tags + 1):
            tags.row(13_000 + number, "", f"tag {number}", f"tag-{number}", f"all > tag {number}", "", 0, 0, 0)
    with Writer(options.folder, "DatasetTags.csv", "Id,DatasetId,TagId") as pairs:
        number = 0
        for dataset in range(1, options.datasets + 1):
            for _ in range(min(64, round(chance.expovariate(1 / options.tags_per_dataset)))):
                number += 1
                pairs.row(number, dataset * 3, 13_000 + chance.randint(1, options.tags))


def write_datasets(options, chance):
    """Data sets and their versions; versions lie in the file by number, and the last of a data set is the current one."""
    texts = Texts(chance)
    datasets_header = (
        "Id,CreatorUserId,OwnerUserId,OwnerOrganizationId,CurrentDatasetVersionId,CurrentDatasourceVersionId,ForumId,"
        "Type,CreationDate,LastActivityDate,TotalViews,TotalDownloads,TotalVotes,TotalKernels,Medal,MedalAwardDate"
    )
    versions_header = (
        "Id,DatasetId,DatasourceVersionId,CreatorUserId,LicenseName,CreationDate,VersionNumber,Title,Slug,Subtitle,"
        "Description,VersionNotes,TotalCompressedBytes,TotalUncompressedBytes"
    )
    owners = [7 * chance.randint(1, options.users) for _ in range(max(1, options.datasets * 5 // 12))]
    version = 0
    with Writer(options.folder, "Datasets.csv", datasets_header) as datasets, Writer(
        options.folder, "DatasetVersions.csv", versions_header
    ) as versions:
        for number in range(1, options.datasets + 1):
            identifier = number * 3
            owner = chance.choice(owners)
            count = 1
            while chance.random() < 1 - 1 / options.versions_per_dataset:
                count += 1
            title = chance.choice(texts.titles)
            for ordinal in range(1, count + 1):
                version += 1
                size = chance.randint(1_000, 10_000_000_000)
                versions.row(
                    version * 2, identifier, version * 2 + 1, owner, quoted(chance.choice(LICENSES)), date(chance),
                    f"{ordinal}.0", quoted(title), f"dataset-{number}", quoted(chance.choice(texts.titles)),
                    texts.description(options.description_bytes), "Initial release", f"{size // 3}.0",
                    f"{size}.0" if number % 5 else "",
                )
            is_of_organization = chance.random() < 0.02
            datasets.row(
                identifier, owner, "" if is_of_organization else owner,
                chance.randint(1, options.organizations) if is_of_organization else "",
                # One in 500 leads nowhere.
                version * 2 + (number % 500 == 0), version * 2 + 1, number, 2, date(chance), "01/02/2025",
                chance.randrange(100_000), chance.randrange(10_000), chance.randrange(500), chance.randrange(50), "", "",
            )


def main():
    options = arguments()
    os.makedirs(options.folder, exist_ok=True)
    started = time.monotonic()
    for number, write in enumerate([write_datasets, write_users, write_organizations, write_tags]):
        write(options, random.Random(options.seed * 10 + number))
    print(f"{time.monotonic() - started:.0f} s")


main()
