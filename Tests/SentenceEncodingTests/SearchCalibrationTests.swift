import ComputeTestSupport
import SentenceEncoding
import Testing

@Suite("What similarities of a model are worth")
struct SearchCalibrationTests {
    private static let file = "search.json"

    @Test("is built in for all-MiniLM-L6-v2, and what its folder says counts before that", .requiresWeights)
    func builtIn() async throws {
        try await withModel(Fixtures.realModel) { folder in
            let measured = SearchCalibration(random: 0.057, match: 0.693)
            #expect(try ModelFolder(path: folder.path).searchCalibration == measured)
            try folder.write(#"{"a": 0.1, "b": 0.9}"#, to: Self.file)
            #expect(
                try ModelFolder(path: folder.path).searchCalibration == SearchCalibration(random: 0.1, match: 0.9))
        }
    }

    @Test("is not known of another model, unless its folder has a search.json, which changes no fingerprint")
    func ownFile() async throws {
        try await withToyModel { folder in
            let unknown = try ModelFolder(path: folder.path)
            #expect(unknown.searchCalibration == nil)
            try folder.write(#"{"a": -0.25, "b": 1}"#, to: Self.file)
            let known = try ModelFolder(path: folder.path)
            #expect(known.searchCalibration == SearchCalibration(random: -0.25, match: 1))
            let fingerprint = try ModelFingerprint(of: unknown, template: "{title}")
            #expect(try ModelFingerprint(of: known, template: "{title}") == fingerprint)
            #expect(known.files.contains(folder.file(Self.file)))
        }
    }

    @Test(
        "must be two cosines, the second above the first",
        arguments: [
            "{}", #"{"a": 0.1}"#, #"{"b": 0.9}"#, #"{"a": "0.1", "b": 0.9}"#, #"{"a": 0.5, "b": 0.5}"#,
            #"{"a": 0.9, "b": 0.1}"#, #"{"a": 0.1, "b": 1.5}"#, #"{"a": -2, "b": 0.5}"#, "[0.1, 0.9]", "",
        ])
    func malformed(content: String) async throws {
        try await withToyModel { folder in
            try folder.write(content, to: Self.file)
            let error = #expect(throws: SentenceEncodingError.self) { try ModelFolder(path: folder.path) }
            #expect(error?.description.contains(folder.file(Self.file)) == true)
        }
    }
}
