package org.lethe.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Ledger;
import org.lethe.Progress;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.recsys.hide.Attacker;
import org.lethe.recsys.hide.AttributeInference;
import org.lethe.recsys.hide.Classes;
import org.lethe.recsys.hide.Hide;
import org.lethe.tables.EmbeddingTable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands on user embeddings have in common: the two files, and who attacks. */
final class UserRowsOptions {
    @Parameters(
            paramLabel = "USERS",
            description = "One row of numbers for each user: .npy, .safetensors, .csv, .tsv or .parquet.")
    Path users = Path.of("");

    @Option(names = "--attributes", required = true, description = "What is known of users: .csv, .tsv or .parquet.")
    Path attributes = Path.of("");

    @Option(names = "--attribute", required = true, description = "The column to be guessed, as gender.")
    String attribute = "";

    @Option(
            names = "--id",
            defaultValue = "id",
            description =
                    "The column of ids in both files; ${DEFAULT-VALUE} by default. Rows of .npy are numbered from 0.")
    String id = "";

    @Option(names = "--tensor", defaultValue = "", description = "Which tensor of a .safetensors file.")
    String tensor = "";

    @Option(
            names = "--bands",
            split = ",",
            defaultValue = "35,50",
            description = "Where a class of numbers begins; ${DEFAULT-VALUE} by default.")
    List<Double> bands = List.of();

    @Option(
            names = "--attackers",
            split = ",",
            defaultValue = "mlp,boosted-trees,logistic,knn,random-forest",
            converter = AttackerWord.class,
            description = "Who guesses; ${DEFAULT-VALUE} by default.")
    List<Attacker> attackers = List.of();

    @Option(names = "--most", defaultValue = "5000", description = "Users of a class at most.")
    int most;

    @Option(names = "--bar", defaultValue = "0.55", description = "The largest leak that passes.")
    double bar;

    @Option(names = "--seed", defaultValue = "1", description = "Seed of every draw of chance.")
    long seed;

    @Option(names = "--workers", description = "Threads; one per processor by default.")
    Optional<Integer> workers = Optional.empty();

    @Option(names = "--out", description = "Folder for the report; none is written without it.")
    Optional<Path> out = Optional.empty();

    EmbeddingTable.Described read() throws IOException {
        return EmbeddingTable.read(users, id, tensor).with(attributes, id, attribute);
    }

    Hide hide(double share) {
        return new Hide(List.of(attribute), bands, 30, share, seed);
    }

    AttributeInference audit() {
        return new AttributeInference(attackers, 5, 3, most, bar, Math.max(bar, 0.58), 0.5, false);
    }

    /** Something done with threads, by the seed of the command line. */
    interface Work<T> {
        T in(Env env) throws IOException;
    }

    <T> T with(Work<T> work) throws IOException {
        try (Workers threads =
                Workers.threads(workers.orElse(Runtime.getRuntime().availableProcessors()))) {
            return work.in(Env.seeded(seed).with(threads).with(Progress.NONE).with(new Ledger()));
        }
    }

    /** What the two files hold, and what was found in them. */
    static Map<String, Object> facts(EmbeddingTable.Described described, Classes classes, List<Finding> findings) {
        EmbeddingTable table = described.table();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("users", table.entities().size());
        facts.put("width", table.width());
        Map<String, Integer> counts = new LinkedHashMap<>();
        int[] sizes = classes.counts();
        for (int k = 0; k < sizes.length; k++) {
            counts.put(classes.labels().get(k), sizes[k]);
        }
        facts.put("classes", counts);
        facts.put("unlabelled", table.entities().size() - Arrays.stream(sizes).sum());
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

    /** The first line of what is printed. */
    static String sampled(Map<String, Object> facts) {
        return facts.get("users") + " users, classes " + facts.get("classes") + ", " + facts.get("unlabelled")
                + " without a class; each class down-sampled to equal size";
    }

    /** The second line. */
    static String unmatched(Map<String, Object> facts) {
        return facts.get("rowsWithoutAttributes") + " rows of unknown attribute, " + facts.get("attributesWithoutRow")
                + " attributes without a row, " + facts.get("constantColumns") + " constant columns";
    }

    static String verdict(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Pass(var words) -> "passes: " + words;
            case Verdict.Fail(var words) -> "misses: " + words;
            case Verdict.Undecided(var words, var why) -> "undecided: " + words + "; " + why;
        };
    }

    static String interval(Finding finding) {
        return finding.interval()
                .map(i -> String.format(Locale.ROOT, "%.4f – %.4f", i.low(), i.high()))
                .orElse("");
    }

    static Map<String, Finding> named(List<Finding> findings) {
        Map<String, Finding> named = new LinkedHashMap<>();
        findings.forEach(f -> named.put(f.name(), f));
        return named;
    }

    static Finding found(Map<String, Finding> named, String name) {
        Finding finding = named.get(name);
        if (finding == null) {
            throw new IllegalStateException("the audit did not find " + name);
        }
        return finding;
    }

    /** Who attacked, in the words of the findings. */
    static List<String> attackers(Map<String, Finding> named) {
        List<String> names = new ArrayList<>();
        named.keySet().stream()
                .filter(n -> n.startsWith("leak("))
                .forEach(n -> names.add(n.substring(5, n.length() - 1)));
        return names;
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
