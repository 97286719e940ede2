package org.lethe.recsys.shop;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Printable;
import org.lethe.Tool;
import org.lethe.study.RunFolder;
import org.lethe.study.Storage;

/**
 * Writes one printable page about an erasure in a recommender's folder: what was asked, what was done, how anybody can check it, and what it does not
 * reach.
 *
 * <p>The page says what the history says, after the chain of its digests was checked, and no more. It holds no id of a person: the request stands there
 * as the keyed digest of the history.
 *
 * @param shop folder of the recommender
 * @param erasure version that the erasure made; 0 for the last one
 * @param to file to write
 */
@Named("recsys certificate")
public record Certificate(@Argument Path shop, int erasure, Path to) implements Tool<Certificate.Result> {
    private static final String STYLE = """
            :root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1c2024; --quiet: #5b636d; --line: #d9dce0; }
            @media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e8ea; --quiet: #98a1ab; --line: #30363c; } }
            @media print { :root { --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; } @page { size: A4; margin: 20mm; } }
            body { margin: 0 auto; max-width: 720px; padding: 32px 20px; background: var(--paper); color: var(--ink);
              font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
            h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 26px 0 6px; } p { margin: 0 0 8px; }
            .quiet { color: var(--quiet); } .answer { font-size: 18px; margin: 18px 0; }
            dl { display: grid; grid-template-columns: minmax(110px, 180px) 1fr; gap: 4px 16px; margin: 0; }
            dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; } code { font-size: 12.5px; overflow-wrap: anywhere; }
            ul { margin: 0; padding-left: 20px; } .signed { margin-top: 40px; display: grid; grid-template-columns: 1fr 1fr; gap: 32px; }
            .signed div { border-top: 1px solid var(--line); padding-top: 4px; color: var(--quiet); font-size: 13px; }
            @media (max-width: 480px) { dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; } }
            """;

    public Certificate {
        if (erasure < 0) {
            throw new IllegalArgumentException(
                    "erasure is " + erasure + ", expected 0 for the last one, or the version that it made");
        }
    }

    /** Of the last erasure, into the current folder; the folder of the recommender is still to be named. */
    public Certificate() {
        this(Path.of(""), 0, Path.of("certificate.html"));
    }

    /**
     * What was written.
     *
     * @param file the page
     * @param version that the erasure made
     */
    public record Result(Path file, int version) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.println(file);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public Result run(Env env) throws IOException {
        List<History.Event> events = Shop.open(shop).events();
        List<History.Event> erasures =
                events.stream().filter(e -> e.event().equals("forget")).toList();
        History.Event event = erasures.stream()
                .filter(e -> erasure == 0 || e.version() == erasure)
                .reduce((before, last) -> last)
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.STUDY,
                        shop + ": "
                                + (erasure == 0 ? "nothing was forgotten yet" : "version " + erasure + " is no erasure")
                                + ", expected "
                                + (erasures.isEmpty()
                                        ? "a folder after lethe recsys forget"
                                        : "one of "
                                                + erasures.stream()
                                                        .map(History.Event::version)
                                                        .toList())));
        String digest = RunFolder.sha256(History.with(List.of(), event).getFirst());
        Storage.write(to, page(event, digest, events.getLast().version()).getBytes(StandardCharsets.UTF_8));
        return new Result(to, event.version());
    }

    private static String page(History.Event event, String digest, int current) {
        StringBuilder page = new StringBuilder();
        page.append("""
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
                <title>Certificate of erasure</title>
                <style>
                """ + STYLE + "</style>\n</head>\n<body>\n");
        page.append(
                "<h1>Certificate of erasure</h1><p class=\"quiet\">from a recommender, by Lethe; made from the history of its"
                        + " folder</p>\n");
        page.append("<p class=\"answer\">" + asked(event) + " " + escape(done(event)) + "</p>\n");
        if (event.version() != current) {
            page.append("<p>This page is about version " + event.version() + ". The version in use is " + current
                    + ", which was made from it by later changes; the history has a line for each.</p>\n");
        }
        page.append("<h2>The request</h2><dl>");
        term(page, "Persons", Integer.toString(event.users()));
        term(page, "Items", Integer.toString(event.items()));
        term(
                page,
                "Known by",
                code(event.request()) + "<br><span class=\"quiet\">HMAC-SHA256 of the request under a key that never"
                        + " leaves the folder: the operator can show which request it was, nobody can find a person by it</span>");
        page.append("</dl>\n<h2>What was done</h2><dl>");
        term(page, "When", escape(event.time()) + " (UTC)");
        term(
                page,
                "Removed",
                String.format(Locale.ROOT, "%,d interactions; %,d remain", event.removed(), event.interactions()));
        term(page, "Method", code(event.method()));
        term(page, "Time", String.format(Locale.ROOT, "%.2f s", event.seconds()));
        term(page, "New version", Integer.toString(event.version()));
        term(page, "Its model", code(event.model()));
        term(page, "Its data", code(event.data()));
        page.append("</dl>\n<h2>How do we know?</h2><ul>");
        proofs(event).forEach(p -> page.append("<li>" + escape(p) + "</li>"));
        page.append(
                "</ul>\n<h2>How can it be checked?</h2><p>In the folder of the recommender, <code>lethe recsys history</code> checks that"
                        + " model and data have the digests above and that no line of the history was changed. The line of this erasure has the"
                        + " digest " + code(digest) + "; each later line holds the digest of the one before it.</p>\n");
        page.append("<h2>What can nobody claim?</h2><ul>"
                + "<li>That copies are gone: of the folder, of files from which the model was trained, of exports, of lists that were served"
                + " already.</li>"
                + "<li>That others' data do not speak of the persons: what they did together with others may still stand with those"
                + " others.</li>"
                + (event.promise().equals(Exactness.APPROXIMATE.label())
                        ? "<li>That nothing of them is left in the model: the method comes near a model without them, and promises no"
                                + " more.</li>"
                        : "")
                + "</ul>\n");
        page.append("<div class=\"signed\"><div>place, date</div><div>responsible</div></div>\n</body>\n</html>\n");
        return page.toString();
    }

    private static String asked(History.Event event) {
        List<String> what = new ArrayList<>();
        if (event.users() > 0) {
            what.add(event.users() == 1 ? "one person" : event.users() + " persons");
        }
        if (event.items() > 0) {
            what.add(event.items() == 1 ? "one item" : event.items() + " items");
        }
        if (what.isEmpty()) {
            what.add("single interactions");
        }
        return "It was asked that the recommender forget " + String.join(" and ", what) + ".";
    }

    private static String done(History.Event event) {
        if (event.verified()) {
            return "This was done. The model that came of it is, bit for bit, the one that is trained without these data: the training was done and"
                    + " compared.";
        }
        if (event.promise().equals(Exactness.EXACT.label())) {
            return "This was done by a method that makes, bit for bit, the model that training without these data makes. For this erasure"
                    + " nobody repeated the training to compare.";
        }
        if (event.promise().equals(Exactness.EXACT_GIVEN_PARTITION.label())) {
            return "This was done by a method that makes the model that training without these data makes, once the partition of the users"
                    + " is taken as given; the partition was drawn with the data in it.";
        }
        if (event.promise().equals(Exactness.EXACT_UP_TO_ROUNDING.label())) {
            return "This was done by a method that makes the model that training without these data makes, up to the rounding of numbers.";
        }
        return "The data were deleted, and the model was changed by a method that comes near a model without them. How near, only audits can"
                + " say; none is part of this page.";
    }

    private static List<String> proofs(History.Event event) {
        List<String> proofs = new ArrayList<>();
        if (event.verified()) {
            proofs.add(
                    "A second model was trained from the same first weights on the data that remain. Every bit of it agrees with the model"
                            + " in use.");
        } else {
            proofs.add("The method's promise: " + event.promise() + ".");
        }
        proofs.add(
                "The interactions are not in the folder's data any more, and the version before, which held them, is deleted (at once, or"
                        + " after the time that was asked for).");
        return proofs;
    }

    private static void term(StringBuilder page, String term, String words) {
        page.append("<dt>" + term + "</dt><dd>" + words + "</dd>");
    }

    private static String code(String text) {
        return "<code>" + escape(text) + "</code>";
    }

    private static String escape(String text) {
        return Printable.lines(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
