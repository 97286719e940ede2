package org.lethe.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.LetheException;
import org.lethe.study.Explained;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists what there is. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = "List data sets, models, requests, methods and audits.")
final class ListCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "KIND",
            description = "data, models, requests, methods or audits; all of them by default.")
    private String kind = "";

    @Override
    public void run() {
        Map<String, List<Explained>> explained = new LinkedHashMap<>();
        Catalogues.byKind().forEach((k, entries) -> {
            if (kind.isEmpty() || k.equals(kind)) {
                explained.put(k, entries.stream().map(Explained::of).toList());
            }
        });
        if (explained.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "KIND is \"" + kind + "\", expected data, models, requests, methods or audits");
        }
        json.print(spec, explained, () -> {
            PrintWriter out = spec.commandLine().getOut();
            explained.forEach((k, entries) -> {
                out.println(k);
                entries.forEach(e -> out.printf("  %-20s %s%n", e.name(), e.summary()));
            });
        });
    }
}
