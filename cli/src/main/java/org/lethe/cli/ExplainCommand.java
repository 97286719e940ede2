package org.lethe.cli;

import java.io.PrintWriter;
import org.lethe.study.Explained;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Explains one entry. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description = "Explain a data set, model, request, method or audit, with its settings.")
final class ExplainCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Parameters(
            paramLabel = "NAME",
            description = "As in a study file and in lethe list, or with its subject: recsys/retrain.")
    private String name = "";

    @Override
    public void run() {
        Catalogue all = Catalogue.installed();
        Catalogue.Entry found = all.entry(name);
        Explained entry = Explained.of(found.value()).named(all.name(found));
        json.print(spec, entry, () -> {
            PrintWriter out = spec.commandLine().getOut();
            out.println(entry.name());
            out.println();
            out.println(entry.text());
            entry.exactness().ifPresent(e -> out.printf("%nPromise: %s.%n", e));
            if (!entry.settings().isEmpty()) {
                out.printf("%nSettings:%n");
                entry.settings()
                        .forEach(s -> out.printf(
                                "  %-18s %s%n  %-18s %s; default %s%n",
                                s.name(), s.text(), "", s.type(), s.standard().isEmpty() ? "none" : s.standard()));
            }
        });
    }
}
