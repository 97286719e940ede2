package org.lethe.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.study.Explained;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists the entries of the installed subjects. */
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
            description = "data, models, requests, methods or audits; all by default. For one subject: recsys/methods,"
                    + " or recsys for all kinds.")
    private String kind = "";

    @Override
    public void run() {
        Catalogue all = Catalogue.installed();
        Map<String, List<Catalogue.Entry>> listed = chosen(all).entries().stream()
                .collect(Collectors.groupingBy(Catalogue.Entry::kind, LinkedHashMap::new, Collectors.toList()));
        json.print(spec, () -> explained(all, listed), () -> {
            PrintWriter out = spec.commandLine().getOut();
            listed.forEach((k, entries) -> {
                out.println(k);
                entries.forEach(e -> out.printf("  %-20s %s%n", all.name(e), Explained.summary(e.value())));
            });
        });
    }

    private static Map<String, List<Explained>> explained(Catalogue all, Map<String, List<Catalogue.Entry>> listed) {
        Map<String, List<Explained>> explained = new LinkedHashMap<>();
        listed.forEach((k, entries) -> explained.put(
                k,
                entries.stream()
                        .map(e -> Explained.of(e.value()).named(all.name(e)))
                        .toList()));
        return explained;
    }

    private Catalogue chosen(Catalogue all) {
        String[] parts = kind.split("/", 2);
        List<String> subjects =
                all.entries().stream().map(Catalogue.Entry::subject).distinct().toList();
        boolean one = subjects.contains(parts[0]);
        Catalogue of = one ? all.in(parts[0]) : all;
        String asked = one ? parts.length > 1 ? parts[1] : "" : kind;
        if (asked.isEmpty() && (one || kind.isEmpty())) {
            return of;
        }
        if (Catalogue.KINDS.contains(asked)) {
            return of.of(asked);
        }
        if (of.entries().stream().anyMatch(e -> e.name().equals(asked))) {
            return new Catalogue(List.of(all.entry(kind)));
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                "KIND is \"" + kind + "\", expected data, models, requests, methods or audits, alone or of a subject as"
                        + " in " + subjects.getFirst() + "/methods");
    }
}
