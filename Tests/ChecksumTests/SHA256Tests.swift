import Checksum
import Foundation
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    /// Messages and digests of NIST's "Secure Hash Standard" examples.
    static let examples: [(message: String, digest: String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ]

    static let millionTimesA = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

    @Test("gives the published digests of the published examples", arguments: examples)
    func publishedExamples(message: String, digest: String) throws {
        #expect(try SHA256Hasher.digest(of: message).hexadecimal == digest)
        #expect(try SHA256Hasher.digest(of: Array(message.utf8)).hexadecimal == digest)
    }

    @Test("does not depend on how a message is cut into pieces", arguments: [1, 3, 63, 64, 65, 997, 65_537, 1_000_000])
    func pieces(size: Int) throws {
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: size)
        var hasher = try SHA256Hasher()
        var remaining = 1_000_000
        while remaining > 0 {
            hasher.update(Array(piece.prefix(remaining)))
            remaining -= min(size, remaining)
        }
        hasher.update([])
        #expect(hasher.finish().hexadecimal == Self.millionTimesA)
    }

    @Test("hashes a text as its UTF-8 bytes")
    func utf8() throws {
        // printf 'größe' | sha256sum
        #expect(
            try SHA256Hasher.digest(of: "größe").hexadecimal
                == "d353a2671b67afff0941ae456e5c76e9394bd6579774ae7542a6185fb9843384")
    }

    @Test("hashes a file of any size", arguments: [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 7])
    func file(size: Int) throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 11) }
        let path = try folder.write(bytes, to: "file")
        #expect(try SHA256Hasher.digest(ofFileAt: path) == SHA256Hasher.digest(of: bytes))
    }

    @Test("refuses a missing file by name")
    func missingFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/absent"
        #expect(throws: ChecksumError.fileNotFound(path: path)) { try SHA256Hasher.digest(ofFileAt: path) }
    }

    @Test("refuses a folder")
    func folder() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        #expect(throws: ChecksumError.notRegularFile(path: path)) { try SHA256Hasher.digest(ofFileAt: path) }
    }

    @Test("refuses a pipe instead of waiting for a writer", .timeLimit(.minutes(30)))
    func pipe() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/pipe"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        #expect(throws: ChecksumError.notRegularFile(path: path)) { try SHA256Hasher.digest(ofFileAt: path) }
    }

    @Test("reports what the operating system says about a path that is no path")
    func brokenPath() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], to: "file") + "/inside"
        #expect(
            throws: ChecksumError.systemCallFailed(path: path, call: "open", reason: "Not a directory")
        ) { try SHA256Hasher.digest(ofFileAt: path) }
    }

    @Test("reports an OpenSSL that is configured without SHA-256")
    func unavailable() async {
        // OpenSSL reads its configuration once per process.
        await #expect(processExitsWith: .exitCode(42)) {
            exit(try Self.errorWithoutProviders() == .hashUnavailable ? 42 : 1)
        }
    }

    /// Hashes after OpenSSL has been configured to load nothing but the provider that provides nothing.
    private static func errorWithoutProviders() throws -> ChecksumError? {
        let folder = try TemporaryFolder()
        let configuration = """
            openssl_conf = init
            [init]
            providers = providers
            [providers]
            null = null
            [null]
            activate = 1
            """
        let path = try folder.write(configuration.utf8, to: "openssl.cnf")
        unsafe setenv("OPENSSL_CONF", path, 1)
        do throws(ChecksumError) {
            _ = try SHA256Hasher.digest(of: "abc")
            return nil
        } catch {
            return error
        }
    }
}

@Suite("A digest")
struct SHA256DigestTests {
    static let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test("reads its own notation, and upper case")
    func roundTrip() throws {
        let digest = try #require(SHA256Digest(hexadecimal: Self.digits))
        #expect(digest.bytes.prefix(4) == [0xBA, 0x78, 0x16, 0xBF])
        #expect(digest.bytes.count == 32)
        #expect("\(digest)" == Self.digits)
        #expect(SHA256Digest(hexadecimal: Self.digits.uppercased()) == digest)
    }

    @Test(
        "refuses everything but 64 hexadecimal digits",
        arguments: [
            "", String(digits.dropLast()), digits + "0", String(digits.dropLast()) + "g", " " + digits,
            String(digits.dropLast()) + "\u{FF11}", String(digits.dropLast()) + "é", digits + "\n",
        ])
    func refusal(text: String) {
        #expect(SHA256Digest(hexadecimal: text) == nil)
    }
}
