import Foundation
import Testing

/// The Debian packages of an image, against the libraries of the executable in it.
enum ImagePackages {
    /// What the base image itself is made of is not installed again.
    private static let base: Set = ["libc6", "libgcc-s1", "libstdc++6"]

    /// The packages that the first stage of a Dockerfile installs, but for certificates, which are no library.
    static func installed(by dockerfile: String) throws -> Set<String> {
        let list = try #require(dockerfile.firstMatch(of: /--no-install-recommends([^&]*)&&/)).1
        let packages = Set(list.split { !"abcdefghijklmnopqrstuvwxyz0123456789.+-".contains($0) }.map(String.init))
        try #require(packages.contains("ca-certificates"))
        return packages.subtracting(["ca-certificates"])
    }

    /// The packages of the libraries that an executable itself names; what those need in turn comes with them.
    static func needed(by executable: String) throws -> Set<String> {
        let needed = Set(
            try DeploymentFile.tool(["readelf", "--dynamic", executable]).output
                .matches(of: /\(NEEDED\).*\[(.*)\]/).map { String($0.1) })
        var packages: Set<String> = []
        for line in try DeploymentFile.tool(["ldd", executable]).output.matches(of: /(\S+) => (\/\S+)/) {
            // The image's executable has the Swift runtime built in; this one takes it from the toolchain.
            guard needed.contains(String(line.1)), !line.2.contains("/swift/linux/") else { continue }
            // By its last name only: packages own /lib, where the system now has a link to /usr/lib.
            let file = URL(filePath: String(line.2)).resolvingSymlinksInPath().lastPathComponent
            let owner = try DeploymentFile.tool(["dpkg-query", "--search", "*/\(file)"]).output
            packages.insert(String(try #require(owner.prefixMatch(of: /[^:]+/), "no package owns \(file)").0))
        }
        return packages.subtracting(base)
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, visibly, where packages go by other names than in the image.
    static var requiresImageSystem: Self {
        .enabled("needs Debian bookworm with binutils") {
            let release = try? String(contentsOf: URL(filePath: "/etc/os-release"), encoding: .utf8)
            return release?.contains("VERSION_CODENAME=bookworm") == true
                && (try? DeploymentFile.tool(["readelf", "--version"]).exitStatus) == 0
        }
    }
}
