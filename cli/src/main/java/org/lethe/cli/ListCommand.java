package org.lethe.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Taxonomy;
import org.lethe.study.Explained;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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

    @Option(
            names = "--taxonomy",
            description =
                    "Print the methods in the tree of the survey on recommendation unlearning (arXiv 2412.12836).")
    private boolean taxonomy;

    /** A branch of the survey's tree, from its root, and the names of the methods that stand in it. */
    private record Branch(List<String> path, List<String> methods) {}

    @Override
    public void run() {
        Catalogue all = Catalogue.installed();
        if (taxonomy) {
            List<Branch> tree = tree(all, methods(all));
            json.print(
                    spec, tree, () -> printed(tree).forEach(spec.commandLine().getOut()::println));
            return;
        }
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

    private List<Catalogue.Entry> methods(Catalogue all) {
        List<Catalogue.Entry> methods = chosen(all).of("methods").entries();
        if (methods.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY, "--taxonomy is a tree of methods, expected methods and not " + kind);
        }
        return methods;
    }

    private static List<Branch> tree(Catalogue all, List<Catalogue.Entry> methods) {
        return Arrays.stream(Taxonomy.Branch.values())
                .map(branch -> new Branch(
                        branch.path(),
                        methods.stream()
                                .filter(e -> Taxonomy.Of.branches(e.value()).contains(branch))
                                .map(all::name)
                                .toList()))
                .toList();
    }

    /** A line for each branch, indented by its depth; the last words of a path are followed by the methods. */
    private static List<String> printed(List<Branch> tree) {
        List<String> lines = new ArrayList<>();
        List<String> before = List.of();
        for (Branch branch : tree) {
            int last = branch.path.size() - 1;
            for (int depth = 0; depth <= last; depth++) {
                if (depth < before.size() && before.subList(0, depth + 1).equals(branch.path.subList(0, depth + 1))) {
                    continue;
                }
                String methods = branch.methods.isEmpty() ? "no method yet" : String.join(", ", branch.methods);
                lines.add("  ".repeat(depth) + branch.path.get(depth) + (depth == last ? ": " + methods : ""));
            }
            before = branch.path;
        }
        return lines;
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
