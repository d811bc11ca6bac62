#if arch(x86_64)
    import Foundation
    import PostgresTestSupport
    import Testing

    /// What the compiler has made of the kernels, in the executable that users run.
    ///
    /// On a core whose second hardware thread is busy a kernel is as fast as it has few instructions; no measurement on a quiet
    /// machine shows that.
    @Suite("The machine code of the kernels")
    struct KernelCodeTests {
        @Test(
            "needs at most 21 instructions for twelve multiply-adds, and keeps all sums in registers",
            arguments: [("PanelKernelV8multiply", "%ymm"), ("cvm_multiply_avx512", "%zmm")])
        func instructions(function: String, registers: String) async throws {
            let code = try await Disassembly(of: function)
            let loop = try #require(code.hottestLoop(multiplying: registers), "\(function) has no loop")
            let products = loop.count { $0.contains("vfmadd") && $0.contains(registers) }
            #expect(products.isMultiple(of: 12) && products >= 24, "\(products) multiply-adds a turn: not unrolled")
            let perStep = Double(loop.count) / Double(products / 12)
            #expect(perStep <= 21, "\(perStep) instructions")
            #expect(!loop.contains { $0.contains("(%rsp") || $0.contains("(%rbp") }, "sums go through memory")
        }
    }

    /// The instructions of one function.
    private struct Disassembly {
        private let addresses: [Int]
        private let instructions: [String]

        /// Disassembles the function whose symbol holds this name.
        init(of name: String) async throws {
            let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            let executable = bundle.deletingLastPathComponent().appending(path: "embedding-job").path
            let symbol = try #require(
                try await Self.objdump("--syms", executable)
                    .compactMap { $0.split(separator: " ").last }
                    .first { $0.contains(name) }, "\(executable) has no function \(name)")
            // A line is an address, a colon, and the instruction with its operands.
            let lines = try await Self.objdump("--no-show-raw-insn", "--disassemble-symbols=\(symbol)", executable)
                .compactMap { line in try? /\s*([0-9a-f]+):\s+(.+)/.wholeMatch(in: line) }
            addresses = lines.compactMap { Int($0.output.1, radix: 16) }
            instructions = lines.map { String($0.output.2) }
        }

        /// The instructions between a jump back and where it leads, where most of the multiplying is done.
        func hottestLoop(multiplying registers: String) -> ArraySlice<String>? {
            instructions.indices.compactMap { jump -> ArraySlice<String>? in
                guard let match = try? /j\w+\s+0x([0-9a-f]+).*/.wholeMatch(in: instructions[jump]),
                    let target = Int(match.output.1, radix: 16),
                    let start = addresses[...jump].firstIndex(of: target)
                else { return nil }
                return instructions[start...jump]
            }
            .max { left, right in
                func products(_ loop: ArraySlice<String>) -> Int {
                    loop.count { $0.contains("vfmadd") && $0.contains(registers) }
                }
                return products(left) < products(right)
            }
        }

        /// The disassembler of the toolchain that has built the executable.
        private static func objdump(_ arguments: String...) async throws -> [Substring] {
            let output = FileManager.default.temporaryDirectory.appending(path: "objdump-\(UUID().uuidString)")
            try Data().write(to: output)
            defer { try? FileManager.default.removeItem(at: output) }
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["llvm-objdump"] + arguments
            process.standardOutput = try FileHandle(forWritingTo: output)
            try await process.runToEnd()
            try #require(process.terminationStatus == 0, "llvm-objdump, which is part of a Swift toolchain, failed")
            return try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
        }
    }
#endif
