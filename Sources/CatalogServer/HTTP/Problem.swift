import DatasetTable
import HTTPTypes
import Hummingbird
import NIOCore

/// What went wrong with a request, as RFC 9457 has it: nothing of the server's inside is told.
struct Problem: HTTPResponseError {
    let status: HTTPResponse.Status
    let detail: String
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ detail: String, _ headers: HTTPFields = [:]) {
        (self.status, self.detail, self.headers) = (status, detail, headers)
    }

    /// The same answer for no key, an unknown one and one without the right.
    static let unauthorized = Problem(
        .unauthorized, "this needs a valid key; send it as Authorization: Bearer KEY", [.wwwAuthenticate: "Bearer"])
    static let notFound = Problem(.notFound, "there is nothing at this address")
    static let unavailable = Problem(
        .serviceUnavailable, "the database is not to be had; try again in a moment", [.retryAfter: "5"])
    static let notSetUp = Problem(
        .serviceUnavailable, "the database lacks something that this needs; the server's log says what mends it")
    static let busy = Problem(
        .serviceUnavailable, "as many searches as this server runs at once are under way; try again in a moment",
        [.retryAfter: "1"])
    static let internalError = Problem(.internalServerError, "the server failed; its log says why")

    func response(from request: Request, context: some RequestContext) throws -> Response {
        let document = JSONLine.object([
            ("type", JSONLine.text("about:blank")), ("title", JSONLine.text(status.reasonPhrase)),
            ("status", JSONLine.number(status.code)), ("detail", JSONLine.text(detail)),
        ])
        var response = JSONAnswer.text(document, status: status, headers: headers)
        response.headers[.contentType] = "application/problem+json"
        return response
    }
}

/// What is answered as JSON.
enum JSONAnswer {
    static func text(_ json: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: json)))
    }
}
