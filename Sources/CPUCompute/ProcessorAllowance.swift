import FoundationEssentials

/// How many processors this process may keep busy, and why.
///
/// Two limits apply in a container: the affinity mask says on which processors threads may run at all, the quota of the
/// control groups how much time they get together. A process that starts a thread for each processor of the machine under
/// a quota of two is stopped by the kernel for most of every period. Format and meaning: cgroups(7) and the kernel's
/// "Control Group v2" document (`cpu.max`) and "CFS Bandwidth Control" (`cpu.cfs_quota_us`).
public struct ProcessorAllowance: Sendable, Equatable, CustomStringConvertible {
    /// The number of compute workers to run, at least 1.
    public let workerCount: Int
    /// Where the number comes from, such as `cpu.max 1.5 of 64 processors`.
    public let reason: String

    /// `2 (affinity: 2 processors)`.
    public var description: String { "\(workerCount) (\(reason))" }

    /// The number a user asked for.
    public init(requested: Int) {
        workerCount = max(1, requested)
        reason = "as requested"
    }

    /// Reads affinity mask and control groups of this process.
    public init() {
        self.init(fileSystemRoot: "")
    }

    /// Reads `/proc` and `/sys` below a root folder: the real one, or a test's copy.
    package init(fileSystemRoot root: String) {
        let processors = Self.processorsInAffinityMask(root: root)
        let quota = Self.smallestQuota(root: root)
        guard let quota, quota.processors < Double(processors) else {
            workerCount = max(1, processors)
            reason = processors == 1 ? "affinity: 1 processor" : "affinity: \(processors) processors"
            return
        }
        workerCount = max(1, Int(quota.processors))
        let rounded = (quota.processors * 100).rounded() / 100
        reason = "\(quota.source) \(rounded) of \(processors) processors"
    }

    /// Counts the processors in a list such as `0-3,8`, the kernel's `Cpus_allowed_list` of proc(5).
    private static func processorsInAffinityMask(root: String) -> Int {
        let lines = contents(root + "/proc/self/status")?.split(separator: "\n") ?? []
        guard let line = lines.first(where: { $0.hasPrefix("Cpus_allowed_list:") }) else {
            return ProcessInfo.processInfo.activeProcessorCount
        }
        let ranges = line.drop { $0 != "\t" && $0 != " " }.split { $0 == "," || $0.isWhitespace }
        return ranges.reduce(0) { count, range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return count }
            return count + last - first + 1
        }
    }

    private static func smallestQuota(root: String) -> (processors: Double, source: String)? {
        let groups = contents(root + "/proc/self/cgroup")?.split(separator: "\n") ?? []
        var quotas: [(Double, String)] = []
        for group in groups {
            // "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1.
            let fields = group.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[0] == "0" && fields[1].isEmpty {
                for folder in ancestors(of: fields[2], below: root + "/sys/fs/cgroup") {
                    if let quota = quotaVersion2(contents(folder + "/cpu.max")) { quotas.append((quota, "cpu.max")) }
                }
            } else if fields[1].split(separator: ",").contains("cpu") {
                for folder in ancestors(of: fields[2], below: root + "/sys/fs/cgroup/cpu") {
                    let quota = quotaVersion1(
                        quota: contents(folder + "/cpu.cfs_quota_us"), period: contents(folder + "/cpu.cfs_period_us"))
                    if let quota { quotas.append((quota, "cpu.cfs_quota_us")) }
                }
            }
        }
        return quotas.min { $0.0 < $1.0 }
    }

    /// The folder of a group and of all groups above it.
    ///
    /// Inside a container the path may not exist below the mount, which then is the container's own group, the last in
    /// this list.
    private static func ancestors(of path: Substring, below mount: String) -> [String] {
        var parts = path.split(separator: "/")
        var folders: [String] = []
        while true {
            folders.append(([mount] + parts.map(String.init)).joined(separator: "/"))
            guard parts.popLast() != nil else { return folders }
        }
    }

    /// `max 100000` (no limit) or `150000 100000` (microseconds of every period).
    private static func quotaVersion2(_ line: String?) -> Double? {
        let fields = line?.split(whereSeparator: \.isWhitespace) ?? []
        guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), quota > 0, period > 0
        else { return nil }
        return quota / period
    }

    /// A quota of -1 is no limit.
    private static func quotaVersion1(quota: String?, period: String?) -> Double? {
        guard let quota, let period else { return nil }
        return quotaVersion2(quota + " " + period)
    }

    private static func contents(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
