package org.lethe.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Ledger;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.recsys.UserTable;
import org.lethe.recsys.hide.Attacker;
import org.lethe.recsys.hide.AttributeInference;
import org.lethe.recsys.hide.Classes;
import org.lethe.recsys.hide.Hide;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Words;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Attacks what somebody has in a file, without a study and without training anything. */
@Command(
        name = "audit",
        description = "Attack what you have in a file: do user embeddings give away an attribute?",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class AuditCommand {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Command(
            name = "embeddings",
            description = "Say how well attackers guess an attribute of users from their rows, and write a report.",
            mixinStandardHelpOptions = true)
    int embeddings(
            @Mixin JsonOption json,
            @Parameters(
                            paramLabel = "USERS",
                            description =
                                    "One row of numbers for each user: .npy, .safetensors, .csv, .tsv or .parquet.")
                    Path users,
            @Option(
                            names = "--attributes",
                            required = true,
                            description = "What is known of users: .csv, .tsv or .parquet.")
                    Path attributes,
            @Option(names = "--attribute", required = true, description = "The column to be guessed, as gender.")
                    String attribute,
            @Option(
                            names = "--id",
                            defaultValue = "id",
                            description =
                                    "The column of ids in both files; ${DEFAULT-VALUE} by default. Rows of .npy are numbered"
                                            + " from 0.")
                    String id,
            @Option(names = "--tensor", defaultValue = "", description = "Which tensor of a .safetensors file.")
                    String tensor,
            @Option(
                            names = "--bands",
                            split = ",",
                            defaultValue = "35,50",
                            description = "Where a class of numbers begins; ${DEFAULT-VALUE} by default.")
                    List<Double> bands,
            @Option(
                            names = "--attackers",
                            split = ",",
                            defaultValue = "mlp,boosted-trees,logistic,knn,random-forest",
                            converter = AttackerWord.class,
                            description = "Who guesses; ${DEFAULT-VALUE} by default.")
                    List<Attacker> attackers,
            @Option(names = "--most", defaultValue = "5000", description = "Users of a class at most.") int most,
            @Option(names = "--bar", defaultValue = "0.55", description = "The largest leak that passes.") double bar,
            @Option(names = "--seed", defaultValue = "1", description = "Seed of every draw of chance.") long seed,
            @Option(names = "--workers", description = "Threads; one per processor by default.")
                    Optional<Integer> workers,
            @Option(names = "--out", description = "Folder for the report; none is written without it.")
                    Optional<Path> out)
            throws IOException {
        UserTable.Described described = UserTable.read(users, id, tensor).with(attributes, id, attribute);
        UserTable table = described.table();
        Hide hide = new Hide(List.of(attribute), bands, 30, 1, seed);
        Classes classes = hide.each(table.users()).getFirst();
        AttributeInference audit = new AttributeInference(attackers, 5, 3, most, bar, Math.max(bar, 0.58), 0.5, false);
        List<Finding> findings;
        Cost cost;
        try (Workers threads =
                Workers.threads(workers.orElse(Runtime.getRuntime().availableProcessors()))) {
            Env env = Env.seeded(seed).with(threads).with(Progress.NONE).with(new Ledger());
            findings = audit.examine(table.rows(), table.width(), classes, env);
            cost = env.ledger().cost();
        }
        Map<String, Object> facts = facts(described, classes, findings);
        if (out.isPresent()) {
            String words = facts + "; " + Words.full(hide) + "; " + Words.full(audit) + "; seed " + seed;
            Run run = new Run(
                    "audit-embeddings",
                    RunFolder.sha256(words),
                    new Run.Recipe(
                            "recsys",
                            String.valueOf(users.getFileName()),
                            table.users().size() + " rows of " + table.width(),
                            Words.brief(hide, new Hide()),
                            "as released",
                            seed),
                    Run.Role.TESTED,
                    Exactness.NONE,
                    "",
                    RunFolder.versions(),
                    Cost.NONE,
                    cost,
                    Cost.NONE,
                    List.of(new Run.Result(
                            Named.Of.name(audit), findings, sampled(table, facts) + ". " + audit.limits())),
                    Optional.empty());
            Report.write(List.of(run), out.get());
            facts.put("report", out.get().resolve("report.html").toString());
        }
        json.print(spec, facts, () -> print(table, facts, findings));
        return Lethe.DONE;
    }

    private static Map<String, Object> facts(UserTable.Described described, Classes classes, List<Finding> findings) {
        UserTable table = described.table();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("users", table.users().size());
        facts.put("width", table.width());
        Map<String, Integer> counts = new LinkedHashMap<>();
        int[] sizes = classes.counts();
        for (int k = 0; k < sizes.length; k++) {
            counts.put(classes.labels().get(k), sizes[k]);
        }
        facts.put("classes", counts);
        facts.put("unlabelled", table.users().size() - Arrays.stream(sizes).sum());
        facts.put("rowsWithoutAttributes", described.unknown());
        facts.put("attributesWithoutRow", described.strangers());
        facts.put("constantColumns", table.constantColumns());
        Map<String, Object> measured = new LinkedHashMap<>();
        for (Finding finding : findings) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("value", finding.value());
            finding.interval().ifPresent(i -> one.put("interval", List.of(i.low(), i.high())));
            one.put("n", finding.n());
            finding.verdict().ifPresent(v -> one.put("verdict", verdict(v)));
            measured.put(finding.name(), one);
        }
        facts.put("findings", measured);
        return facts;
    }

    private static String verdict(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Pass(var words) -> "passes: " + words;
            case Verdict.Fail(var words) -> "misses: " + words;
            case Verdict.Undecided(var words, var why) -> "undecided: " + words + "; " + why;
        };
    }

    private static String sampled(UserTable table, Map<String, Object> facts) {
        return table.users().size() + " users, classes " + facts.get("classes") + ", " + facts.get("unlabelled")
                + " without a class; each class down-sampled to equal size";
    }

    private void print(UserTable table, Map<String, Object> facts, List<Finding> findings) {
        PrintWriter out = spec.commandLine().getOut();
        Map<String, Finding> named = new LinkedHashMap<>();
        findings.forEach(f -> named.put(f.name(), f));
        out.println(sampled(table, facts));
        out.printf(
                "%s rows of unknown attribute, %s attributes without a row, %s constant columns%n",
                facts.get("rowsWithoutAttributes"), facts.get("attributesWithoutRow"), facts.get("constantColumns"));
        out.printf("%n%-15s %8s %17s %8s %8s %8s  %s%n", "attacker", "leak", "95 %", "auc", "f1", "random", "verdict");
        List<String> names = new ArrayList<>();
        named.keySet().stream()
                .filter(n -> n.startsWith("leak("))
                .forEach(n -> names.add(n.substring(5, n.length() - 1)));
        for (String name : names) {
            Finding leak = found(named, "leak(" + name + ")");
            out.printf(
                    Locale.ROOT,
                    "%-15s %8.4f %17s %8.4f %8.4f %8.4f  %s%n",
                    name,
                    leak.value(),
                    leak.interval()
                            .map(i -> String.format(Locale.ROOT, "%.4f – %.4f", i.low(), i.high()))
                            .orElse(""),
                    found(named, "auc(" + name + ")").value(),
                    found(named, "f1(" + name + ")").value(),
                    found(named, "leak-random(" + name + ")").value(),
                    leak.verdict().map(AuditCommand::verdict).orElse(""));
        }
        out.println();
        for (String name : List.of("users-attacked", "js", "js-random", "effective-rank", "trace")) {
            out.printf(Locale.ROOT, "%-15s %.6g%n", name, found(named, name).value());
        }
        if (facts.containsKey("report")) {
            out.println(facts.get("report"));
        }
    }

    private static Finding found(Map<String, Finding> named, String name) {
        Finding finding = named.get(name);
        if (finding == null) {
            throw new IllegalStateException("the audit did not find " + name);
        }
        return finding;
    }

    /** The names of attackers as in a study file. */
    static final class AttackerWord implements CommandLine.ITypeConverter<Attacker> {
        @Override
        public Attacker convert(String word) {
            return Arrays.stream(Attacker.values())
                    .filter(a -> word(a).equals(word))
                    .findFirst()
                    .orElseThrow(() ->
                            new CommandLine.TypeConversionException("\"" + word + "\" is no attacker, expected one of "
                                    + Arrays.stream(Attacker.values())
                                            .map(AttackerWord::word)
                                            .collect(Collectors.joining(", "))));
        }

        private static String word(Attacker attacker) {
            return attacker.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
