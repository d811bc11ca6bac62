import CommandSupport
import Testing

@Suite("Text for Prometheus", .timeLimit(.minutes(30)))
struct PrometheusTextTests {
    private func text(_ add: (inout PrometheusText) -> Void) -> PrometheusText {
        var text = PrometheusText(prefix: "job", labels: [("table", "a.b")])
        add(&text)
        return text
    }

    @Test("has help, type and samples of each metric")
    func layout() {
        let text = text {
            $0.gauge("rows", "Rows.", by: "result", [("good", 2), ("bad", 0)])
            $0.gauge("duration_seconds", "Time.", 1.25)
            $0.info("info", "What.", [("model", "m"), ("device", nil)])
        }
        #expect(
            text.text == """
                # HELP job_rows Rows.
                # TYPE job_rows gauge
                job_rows{table="a.b",result="good"} 2
                job_rows{table="a.b",result="bad"} 0
                # HELP job_duration_seconds Time.
                # TYPE job_duration_seconds gauge
                job_duration_seconds{table="a.b"} 1.25
                # HELP job_info What.
                # TYPE job_info gauge
                job_info{table="a.b",model="m"} 1

                """)
    }

    @Test("leaves out what is not known, its help included")
    func unknown() {
        let text = text {
            $0.gauge("rows", "Rows.", nil)
            $0.gauge("errors", "Errors.", by: "code", [])
            $0.info("info", "What.", [("model", nil)])
        }
        #expect(text.text.isEmpty)
    }

    @Test("finds a value that it wrote itself, and no other")
    func earlier() {
        let earlier = text { $0.gauge("end_seconds", "End.", 1_764_000_000) }.text
        #expect(text { _ in }.value(of: "end_seconds", in: earlier) == 1_764_000_000)
        #expect(text { _ in }.value(of: "end", in: earlier) == nil)
        #expect(PrometheusText(prefix: "job", labels: [("table", "a")]).value(of: "end_seconds", in: earlier) == nil)
        #expect(PrometheusText(prefix: "job", labels: []).value(of: "end_seconds", in: earlier) == nil)
        let broken = ["", "job_end_seconds", "job_end_seconds{table=\"a.b\"}", "job_end_seconds{table=\"a.b\"} soon\n"]
        for broken in broken { #expect(text { _ in }.value(of: "end_seconds", in: broken) == nil) }
    }

    @Test("quotes labels letter by letter")
    func labels() {
        #expect(PrometheusText.list([("a", #"\n"#), ("b", "\"\n")]) == #"a="\\n",b="\"\n""#)
        // One character each in Swift: CRLF, and a quote with an accent.
        #expect(PrometheusText.list([("a", "\r\n")]) == "a=\"\r\\n\"")
        #expect(PrometheusText.list([("a", "\"\u{301}")]) == "a=\"\\\"\u{301}\"")
        #expect(PrometheusText.series("a", "") == "a" && PrometheusText.series("a", "b=\"c\"") == "a{b=\"c\"}")
    }

    @Test("writes whole numbers without a fraction", arguments: [(0, "0"), (-3, "-3"), (0.5, "0.5"), (1e20, "1e+20")])
    func numbers(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }
}
