import CLibCrypto

/// Computes SHA-256 (FIPS 180-4) piece by piece with libcrypto, which uses the processor's own instructions for it.
///
/// ```swift
/// var hasher = try SHA256Hasher()
/// hasher.update([0x61, 0x62])
/// hasher.update([0x63])
/// let digest = hasher.finish()  // the same as digest(of: "abc")
/// ```
@safe public struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer

    /// Starts an empty message.
    ///
    /// - Throws: ``ChecksumError/hashUnavailable``, if the configuration of OpenSSL leaves no provider for SHA-256.
    public init() throws(ChecksumError) {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .hashUnavailable }
        guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw .hashUnavailable
        }
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    /// Appends bytes to the message.
    public mutating func update(_ bytes: Span<UInt8>) {
        let isUpdated = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(isUpdated == 1, "libcrypto cannot continue a SHA-256 that it has started.")
    }

    /// Appends bytes to the message.
    public mutating func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    /// Ends the message and gives its digest.
    public consuming func finish() -> SHA256Digest {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: SHA256Digest.byteCount) { digest, count in
            let isFinished = unsafe EVP_DigestFinal_ex(context, digest.baseAddress, nil)
            precondition(isFinished == 1, "libcrypto cannot finish a SHA-256 that it has started.")
            count = SHA256Digest.byteCount
        }
        return SHA256Digest(bytes: bytes)
    }
}

// MARK: - Whole messages

extension SHA256Hasher {
    /// Gives the digest of some bytes.
    public static func digest(of bytes: some Sequence<UInt8>) throws(ChecksumError) -> SHA256Digest {
        var hasher = try SHA256Hasher()
        hasher.update(Array(bytes))
        return hasher.finish()
    }

    /// Gives the digest of a text's UTF-8 bytes.
    public static func digest(of text: some StringProtocol) throws(ChecksumError) -> SHA256Digest {
        try digest(of: text.utf8)
    }

    /// Gives the digest of a regular file, which is read in pieces of 1 MiB.
    public static func digest(ofFileAt path: String) throws(ChecksumError) -> SHA256Digest {
        var hasher = try SHA256Hasher()
        try readFile(at: path) { hasher.update($0) }
        return hasher.finish()
    }
}
