package org.lethe.report;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Picture;
import org.lethe.Printable;
import org.lethe.Verdict;
import org.lethe.report.Report.Standing;

/**
 * A page of its own for the result of one tool, for a person who knows no study: the answer in one line, bars, a picture, what
 * to do next, and all numbers.
 *
 * @param answer the first line
 * @param standing whether the answer is good news
 * @param word the standing in a few words: "gives it away"
 * @param sentences what else there is to say about the answer
 * @param shares the bars
 * @param pictures scatters of classes
 * @param steps what to do next
 * @param findings all numbers, a table of which is folded away
 * @param limits what the answer does not prove
 * @param versions of what ran, by name
 */
public record Sheet(
        String answer,
        Standing standing,
        String word,
        List<String> sentences,
        Shares shares,
        List<Picture.Scatter> pictures,
        List<Step> steps,
        List<Finding> findings,
        String limits,
        Map<String, String> versions) {
    public Sheet {
        sentences = List.copyOf(sentences);
        pictures = List.copyOf(pictures);
        steps = List.copyOf(steps);
        findings = List.copyOf(findings);
    }

    /**
     * Shares of 100 as bars, on an axis from 0 to 100 with a line at chance.
     *
     * @param title what the bars show
     * @param note how to read them
     * @param chance the share by chance, from 0 to 1
     */
    public record Shares(String title, String note, double chance, List<Bar> bars) {
        public Shares {
            bars = List.copyOf(bars);
        }
    }

    /**
     * One share.
     *
     * @param label whose share it is
     * @param value from 0 to 1
     * @param interval where the true share lies
     * @param before the share before, where something was changed
     * @param standing whether the share meets its bar
     */
    public record Bar(
            String label, double value, Optional<Interval> interval, OptionalDouble before, Standing standing) {}

    /**
     * Something to do next.
     *
     * @param words what it does
     * @param command to copy into a terminal; empty if there is none
     */
    public record Step(String words, String command) {}

    /** What verdicts say together: a miss if any misses, undecided if any is, else a pass. */
    public static Standing standing(List<Finding> findings) {
        List<Verdict> verdicts =
                findings.stream().flatMap(f -> f.verdict().stream()).toList();
        if (verdicts.stream().anyMatch(Verdict.Fail.class::isInstance)) {
            return Standing.FAIL;
        }
        return verdicts.stream().allMatch(Verdict.Pass.class::isInstance) ? Standing.PASS : Standing.UNDECIDED;
    }

    /** One page that needs nothing but itself. */
    String html() {
        StringBuilder page = new StringBuilder();
        page.append("<section id=\"answer\"><p><span class=\"pill " + Page.mood(standing) + "\">" + Page.escape(word)
                + "</span></p>");
        sentences.forEach(s -> page.append("<p>" + Page.escape(s) + "</p>"));
        page.append("</section>\n<section id=\"bars\"><h2>" + Page.escape(shares.title) + "</h2>" + bars()
                + "<p class=\"quiet note\">" + Page.escape(shares.note) + "</p></section>\n");
        if (!pictures.isEmpty()) {
            page.append("<section id=\"picture\" class=\"charted\">");
            pictures.forEach(p -> page.append(PictureRows.alone(p)
                    + (p.note().isBlank() ? "" : "<p class=\"quiet note\">" + Page.escape(p.note()) + "</p>")));
            page.append("</section>\n");
        }
        page.append("<section id=\"next\"><h2>What to do next</h2>");
        steps.forEach(step -> page.append("<p>" + Page.escape(step.words) + "</p>"
                + (step.command.isEmpty()
                        ? ""
                        : "<pre class=\"command\"><code>" + Page.escape(step.command) + "</code></pre>")));
        page.append("</section>\n<section id=\"numbers\"><details><summary>All numbers</summary>" + numbers()
                + "</details><p class=\"limits\"><strong>What this does not prove.</strong> " + Page.escape(limits)
                + "</p></section>\n");
        String ran = versions.entrySet().stream()
                .map(e -> Page.escape(e.getKey() + " " + e.getValue()))
                .collect(joining(" · "));
        return Page.framed(answer, "Lethe", page.toString(), Page.CHARTS + ran);
    }

    private String bars() {
        StringBuilder html = new StringBuilder("<div class=\"shares\" role=\"list\">");
        for (Bar bar : shares.bars) {
            html.append("<div class=\"share\" role=\"listitem\"><span class=\"what\">" + Page.escape(bar.label)
                    + "</span><span class=\"track\"><i class=\"bar " + Page.mood(bar.standing) + "\" style=\"width:"
                    + percent(bar.value) + "\"></i>"
                    + bar.interval
                            .map(i -> "<i class=\"whisker\" style=\"left:" + percent(i.low()) + ";width:"
                                    + percent(i.high() - i.low()) + "\"></i>")
                            .orElse("")
                    + (bar.before.isPresent()
                            ? "<i class=\"before\" style=\"left:" + percent(bar.before.getAsDouble()) + "\"></i>"
                            : "")
                    + "<i class=\"chance\" style=\"left:" + percent(shares.chance)
                    + "\"></i></span><span class=\"value\"><b>"
                    + hundredth(bar.value) + "</b> "
                    + bar.interval
                            .map(i -> "<span class=\"quiet\">" + hundredth(i.low()) + " to " + hundredth(i.high())
                                    + "</span>")
                            .orElse("")
                    + (bar.before.isPresent()
                            ? "<span class=\"quiet\">, before: " + hundredth(bar.before.getAsDouble()) + "</span>"
                            : "")
                    + "</span></div>");
        }
        return html.append(
                        "<div class=\"share scale\" aria-hidden=\"true\"><span class=\"what\"></span><span class=\"track\">"
                                + "<span style=\"left:0\">0</span><span class=\"at\" style=\"left:"
                                + percent(shares.chance)
                                + "\">chance: " + hundredth(shares.chance)
                                + "</span><span style=\"right:0\">100</span></span>"
                                + "<span class=\"value\"></span></div></div>")
                .toString();
    }

    private String numbers() {
        return "<div class=\"scroll\"><table><thead><tr><th>finding</th><th class=\"num\">value</th><th class=\"num\">95 %"
                + " interval</th><th class=\"num\">n</th><th>bar</th></tr></thead><tbody>"
                + findings.stream()
                        .map(f -> "<tr><th scope=\"row\">" + Page.escape(f.name()) + "</th><td class=\"num\">"
                                + number(f.value()) + "</td><td class=\"num\">" + interval(f)
                                + "</td><td class=\"num\">"
                                + f.n() + "</td><td>" + Page.escape(verdict(f)) + "</td></tr>")
                        .collect(joining())
                + "</tbody></table></div>";
    }

    /** The same as Markdown. */
    String markdown() {
        StringBuilder text = new StringBuilder("# " + MarkdownText.escape(answer) + "\n\n**" + word + "**\n\n");
        sentences.forEach(s -> text.append(MarkdownText.escape(s) + "\n\n"));
        text.append("## " + MarkdownText.escape(shares.title)
                + "\n\n| | of 100 | 95 % interval | before |\n|---|---:|---:|---:|\n");
        shares.bars.forEach(bar ->
                text.append("| " + MarkdownText.escape(bar.label) + " | " + hundredth(bar.value) + " | "
                        + bar.interval
                                .map(i -> hundredth(i.low()) + " to " + hundredth(i.high()))
                                .orElse("")
                        + " | " + (bar.before.isPresent() ? hundredth(bar.before.getAsDouble()) : "") + " |\n"));
        text.append("\n" + MarkdownText.escape(shares.note) + "\n\n## What to do next\n");
        steps.forEach(step -> text.append("\n" + MarkdownText.escape(step.words) + "\n"
                + (step.command.isEmpty() ? "" : "\n```\n" + Printable.text(step.command) + "\n```\n")));
        text.append("\n## All numbers\n\n| finding | value | 95 % interval | n | bar |\n|---|---:|---:|---:|---|\n");
        findings.forEach(f -> text.append("| " + MarkdownText.escape(f.name()) + " | " + number(f.value()) + " | "
                + interval(f) + " | " + f.n() + " | " + MarkdownText.escape(verdict(f)) + " |\n"));
        return text.append("\n> What this does not prove: " + MarkdownText.escape(limits) + "\n")
                .toString();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f%%", 100 * Math.clamp(share, 0, 1));
    }

    /** A share of 100, as people count. */
    private static String hundredth(double share) {
        return String.valueOf(Math.round(100 * share));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }

    private static String interval(Finding finding) {
        return finding.interval()
                .map(i -> number(i.low()) + " to " + number(i.high()))
                .orElse("");
    }

    private static String verdict(Finding finding) {
        return finding.verdict()
                .map(v -> switch (v) {
                    case Verdict.Pass(var bar) -> "meets: " + bar;
                    case Verdict.Fail(var bar) -> "misses: " + bar;
                    case Verdict.Undecided(var bar, var why) -> "undecided: " + bar + "; " + why;
                })
                .orElse("");
    }
}
