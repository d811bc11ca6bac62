import DatasetTable
import Foundation
import JobTestSupport
import Testing

/// The line of JSON that every run prints, as its reader sees it.
struct RunReportLine: Decodable {
    let processed: Int
    let failed: Int
    let skippedStale: Int
    let skippedLocked: Int
    let truncated: Int
    let tokensLost: Int
    let quarantined: Int?
    let remaining: Int?
    let tokens: Int
    let model: String?
    let precision: String?
    let exitReason: String

    /// Reads standard output, which must be this line and nothing else.
    init(_ outcome: BuiltExecutable.Outcome) throws {
        try #require(outcome.outputLines.count == 1, "\(outcome.output) \(outcome.standardError)")
        try #require(outcome.output.hasSuffix("\n"))
        #expect(try /\{"processed":\d+,"failed":\d+,.*\}\n/.wholeMatch(in: outcome.output) != nil)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(Self.self, from: outcome.standardOutput)
    }
}

extension BuiltExecutable.Outcome {
    /// The password that tests put into connection strings, and that must be seen nowhere.
    static let password = "kW7-secret-9Zq"

    /// A run that did nothing: its exit status and reason, zeros on standard output, one line on standard error that
    /// names what is wrong, and neither a secret nor a stack trace anywhere.
    ///
    /// - Parameter retries: Whether the database may have been tried again, a line each.
    func expectRefusal(
        _ status: Int32, _ reason: String, naming mentions: [String], retries: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let report = try RunReportLine(self)
        #expect(exitStatus == status, "\(standardError)", sourceLocation: sourceLocation)
        #expect(report.exitReason == reason, sourceLocation: sourceLocation)
        #expect(output.hasPrefix(#"{"processed":0,"failed":0,"#), sourceLocation: sourceLocation)
        #expect(report.tokens == 0, sourceLocation: sourceLocation)
        #expect(
            retries ? !errorLines.isEmpty : errorLines.count == 1, "\(standardError)", sourceLocation: sourceLocation)
        for mention in mentions {
            #expect(errorMessage.contains(mention), "\(mention)", sourceLocation: sourceLocation)
        }
        expectNoSecretAndNoTrace(sourceLocation: sourceLocation)
    }

    /// The records of the log.
    var logRecords: [[String: String]] {
        get throws {
            try errorLines.map { try JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
        }
    }

    /// The message of the last record of the log, free of JSON's escapes.
    var errorMessage: String { (try? logRecords)?.last?["message"] ?? standardError }

    /// Neither the password nor the traces of a crash.
    func expectNoSecretAndNoTrace(sourceLocation: SourceLocation = #_sourceLocation) {
        for trace in [Self.password, "Fatal error", "0x0000", ".swift:"] {
            #expect(!standardError.contains(trace), sourceLocation: sourceLocation)
            #expect(!output.contains(trace), sourceLocation: sourceLocation)
        }
    }
}
