import CPUCompute
import ComputeTestSupport
import Foundation
import Testing

@Suite("The processor allowance")
struct ProcessorAllowanceTests {
    /// What `/proc/self` and `/sys/fs/cgroup` say on some machine, and what follows from it.
    struct Machine: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var affinity: String? = "0-63"
        var files: [String: String] = [:]
        let workers: Int
        let reason: String
    }

    private static let cpu = "sys/fs/cgroup"

    static let machines: [Machine] = [
        Machine(testDescription: "no control groups", workers: 64, reason: "affinity: 64 processors"),
        Machine(
            testDescription: "a list of ranges", affinity: "0-3,8", workers: 5, reason: "affinity: 5 processors"),
        Machine(testDescription: "a single processor", affinity: "5", workers: 1, reason: "affinity: 1 processor"),
        Machine(
            testDescription: "more quota than processors", affinity: "0-1",
            files: ["proc/self/cgroup": "0::/job\n", "\(cpu)/job/cpu.max": "800000 100000\n"],
            workers: 2, reason: "affinity: 2 processors"),

        Machine(
            testDescription: "v2 without a limit",
            files: ["proc/self/cgroup": "0::/job\n", "\(cpu)/job/cpu.max": "max 100000\n"],
            workers: 64, reason: "affinity: 64 processors"),
        Machine(
            testDescription: "v2, one and a half processors",
            files: ["proc/self/cgroup": "0::/job\n", "\(cpu)/job/cpu.max": "150000 100000\n"],
            workers: 1, reason: "cpu.max 1.5 of 64 processors"),
        Machine(
            testDescription: "v2, less than one processor",
            files: ["proc/self/cgroup": "0::/job\n", "\(cpu)/job/cpu.max": "25000 100000\n"],
            workers: 1, reason: "cpu.max 0.25 of 64 processors"),
        Machine(
            testDescription: "v2, the group above is smaller",
            files: [
                "proc/self/cgroup": "0::/pods/one/container\n", "\(cpu)/pods/one/container/cpu.max": "800000 100000\n",
                "\(cpu)/pods/one/cpu.max": "300000 100000\n", "\(cpu)/pods/cpu.max": "max 100000\n",
            ],
            workers: 3, reason: "cpu.max 3.0 of 64 processors"),
        Machine(
            testDescription: "v2, the group above is larger",
            files: [
                "proc/self/cgroup": "0::/pods/one\n", "\(cpu)/pods/one/cpu.max": "200000 100000\n",
                "\(cpu)/pods/cpu.max": "1600000 100000\n",
            ],
            workers: 2, reason: "cpu.max 2.0 of 64 processors"),
        Machine(
            testDescription: "v2 in a container whose path is the host's",
            files: ["proc/self/cgroup": "0::/system.slice/docker-1f.scope\n", "\(cpu)/cpu.max": "400000 100000\n"],
            workers: 4, reason: "cpu.max 4.0 of 64 processors"),
        Machine(
            testDescription: "v2 in a container with a namespace of its own",
            files: ["proc/self/cgroup": "0::/\n", "\(cpu)/cpu.max": "400000 100000\n"],
            workers: 4, reason: "cpu.max 4.0 of 64 processors"),
        Machine(
            testDescription: "v2, a file that makes no sense",
            files: ["proc/self/cgroup": "0::/job\n", "\(cpu)/job/cpu.max": "lots\n"],
            workers: 64, reason: "affinity: 64 processors"),

        Machine(
            testDescription: "v1 without a limit",
            files: [
                "proc/self/cgroup": "5:memory:/job\n4:cpu,cpuacct:/job\n",
                "\(cpu)/cpu/job/cpu.cfs_quota_us": "-1\n", "\(cpu)/cpu/job/cpu.cfs_period_us": "100000\n",
            ],
            workers: 64, reason: "affinity: 64 processors"),
        Machine(
            testDescription: "v1, two and a half processors",
            files: [
                "proc/self/cgroup": "5:memory:/job\n4:cpu,cpuacct:/job\n",
                "\(cpu)/cpu/job/cpu.cfs_quota_us": "250000\n", "\(cpu)/cpu/job/cpu.cfs_period_us": "100000\n",
            ],
            workers: 2, reason: "cpu.cfs_quota_us 2.5 of 64 processors"),
        Machine(
            testDescription: "v1 beside v2, as systemd mounts them",
            files: [
                "proc/self/cgroup": "4:cpu,cpuacct:/job\n0::/job\n",
                "\(cpu)/cpu/cpu.cfs_quota_us": "600000\n", "\(cpu)/cpu/cpu.cfs_period_us": "100000\n",
            ],
            workers: 6, reason: "cpu.cfs_quota_us 6.0 of 64 processors"),
        Machine(
            testDescription: "v1, processor sets are no quota",
            files: [
                "proc/self/cgroup": "6:cpuset:/job\n", "\(cpu)/cpu/cpu.cfs_quota_us": "100000\n",
                "\(cpu)/cpu/cpu.cfs_period_us": "100000\n",
            ],
            workers: 64, reason: "affinity: 64 processors"),
    ]

    @Test("follows affinity and quota", arguments: machines)
    func machine(_ machine: Machine) async throws {
        try await withTemporaryFolder { root in
            if let affinity = machine.affinity {
                let status = "Name:\tjob\nCpus_allowed:\tff\nCpus_allowed_list:\t\(affinity)\nMems_allowed_list:\t0\n"
                try root.write(status, to: "proc/self/status")
            }
            for (name, contents) in machine.files { try root.write(contents, to: name) }
            let allowance = ProcessorAllowance(fileSystemRoot: root.path)
            #expect(allowance.workerCount == machine.workers)
            #expect(allowance.reason == machine.reason)
            #expect(allowance.description == "\(machine.workers) (\(machine.reason))")
        }
    }

    @Test("takes the processors that are online where there is no status file")
    func missingStatus() async throws {
        let online = ProcessInfo.processInfo.activeProcessorCount
        try await withTemporaryFolder { root in
            #expect(ProcessorAllowance(fileSystemRoot: root.path).workerCount == online)
            try root.write("Name:\tjob\n", to: "proc/self/status")
            #expect(ProcessorAllowance(fileSystemRoot: root.path).workerCount == online)
        }
    }

    @Test("of this process is between one worker and all processors")
    func thisProcess() {
        #expect((1...ProcessInfo.processInfo.processorCount).contains(ProcessorAllowance().workerCount))
    }

    @Test("obeys a request, but never goes below one worker", arguments: [(7, 7), (1, 1), (0, 1), (-3, 1)])
    func requested(asked: Int, given: Int) {
        let allowance = ProcessorAllowance(requested: asked)
        #expect(allowance.workerCount == given)
        #expect(allowance.reason == "as requested")
    }
}
