package org.lethe.recsys.hide;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Formerly;
import org.lethe.Ledger;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Tool;
import org.lethe.attack.Attacker;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Words;
import org.lethe.tables.EmbeddingTable;

/**
 * Says how well attackers guess an attribute of users from their embeddings in a file.
 *
 * <p>Only the attackers are trained. The audit is {@code attribute-inference}, with its control. The page says first how many
 * of 100 users the best attacker guesses, then shows a bar for each attacker, the users of each class as a scatter, and the
 * command that repairs the embeddings.
 *
 * @param embeddings file with one embedding for each user: .npy, .safetensors, .csv, .tsv or .parquet
 * @param attributes file with the attributes of users: .csv, .tsv or .parquet
 * @param attribute column to be guessed, for example gender
 * @param id column of ids in both files; an .npy file has the ids 0, 1, 2, …
 * @param tensor name of the tensor of a .safetensors file, if it has several
 * @param bands numbers at which a new class begins, for a numeric attribute
 * @param attackers classifiers that guess the attribute
 * @param maxPerClass largest number of users of a class
 * @param bar largest attack accuracy that passes
 */
@Named("audit embeddings")
public record AuditEmbeddings(
        @Argument Path embeddings,
        @Required Path attributes,
        @Required String attribute,
        String id,
        String tensor,
        List<Double> bands,
        List<Attacker> attackers,
        @Formerly("most") int maxPerClass,
        double bar)
        implements Tool.Reporting<AuditEmbeddings.Result> {
    public AuditEmbeddings {
        bands = List.copyOf(bands);
        attackers = List.copyOf(attackers);
        audit(attackers, maxPerClass, bar);
        hide(attribute, bands, 1, 0);
    }

    /** Five attackers and a bar of 0.55; the files are still to be named. */
    public AuditEmbeddings() {
        this(Path.of(""), Path.of(""), "");
    }

    /** An attribute of the users in a file, with the usual settings. */
    public AuditEmbeddings(Path embeddings, Path attributes, String attribute) {
        this(embeddings, attributes, attribute, "id", "", List.of(35.0, 50.0), List.of(Attacker.values()), 5_000, 0.55);
    }

    /**
     * The content of the files, and the findings.
     *
     * @param users number of embeddings in the file
     * @param width number of dimensions of an embedding
     * @param classes number of users of each class
     * @param unlabelled number of users without a class
     * @param embeddingsWithoutAttribute number of embeddings whose user is not in the file of attributes
     * @param attributesWithoutEmbedding number of users in the file of attributes that have no embedding
     * @param constantDimensions number of dimensions with one value for all users
     * @param answer what the best attacker comes to, for a person who knows no metric
     * @param outcome which bars were met, missed and left undecided, in words
     * @param findings findings of the audit, by name
     */
    public record Result(
            int users,
            int width,
            Map<String, Integer> classes,
            int unlabelled,
            int embeddingsWithoutAttribute,
            int attributesWithoutEmbedding,
            int constantDimensions,
            String answer,
            String outcome,
            Map<String, Measured> findings)
            implements Tool.Result {
        static Result of(
                EmbeddingTable.Described described, String attribute, Classes classes, List<Finding> findings) {
            EmbeddingTable table = described.table();
            int[] sizes = classes.counts();
            Map<String, Integer> counts = new LinkedHashMap<>();
            for (int k = 0; k < sizes.length; k++) {
                counts.put(classes.labels().get(k), sizes[k]);
            }
            Map<String, Measured> measured = new LinkedHashMap<>();
            findings.forEach(f -> measured.put(f.name(), Measured.of(f)));
            return new Result(
                    table.entities().size(),
                    table.width(),
                    counts,
                    table.entities().size() - Arrays.stream(sizes).sum(),
                    described.unknown(),
                    described.strangers(),
                    table.constantColumns(),
                    answer(attribute, sizes.length, findings),
                    Report.outcome(findings),
                    measured);
        }

        /** The first line: what the best attacker comes to. */
        static String answer(String attribute, int classes, List<Finding> findings) {
            double best = findings.stream()
                    .filter(f -> f.name().startsWith("attack-accuracy("))
                    .mapToDouble(Finding::value)
                    .max()
                    .orElse(Double.NaN);
            return String.format(
                    Locale.ROOT,
                    "An attacker guesses %s from these embeddings for %.0f of 100 users (chance: %.0f).",
                    attribute,
                    100 * best,
                    100.0 / classes);
        }

        /** The first line of the printed result. */
        String sampled() {
            return users + " users, classes " + classes + ", " + unlabelled
                    + " without a class; each class down-sampled to equal size";
        }

        /** The second line of the printed result. */
        String unmatched() {
            return embeddingsWithoutAttribute + " embeddings without an attribute, " + attributesWithoutEmbedding
                    + " attributes without an embedding, " + constantDimensions + " constant dimensions";
        }

        /** The names of the attackers, as the findings name them. */
        List<String> attackers() {
            return findings.keySet().stream()
                    .filter(n -> n.startsWith("attack-accuracy("))
                    .map(n -> n.substring("attack-accuracy(".length(), n.length() - 1))
                    .toList();
        }

        Measured found(String name) {
            Measured finding = findings.get(name);
            if (finding == null) {
                throw new IllegalStateException("the audit has no finding " + name);
            }
            return finding;
        }

        static String interval(Measured finding) {
            return finding.interval()
                    .map(i -> String.format(Locale.ROOT, "%.4f – %.4f", i.getFirst(), i.getLast()))
                    .orElse("");
        }

        @Override
        public void print(PrintWriter out) {
            out.println(answer);
            out.println();
            out.println(sampled());
            out.println(unmatched());
            out.printf(
                    "%n%-15s %8s %17s %8s %8s %8s  %s%n",
                    "attacker", "accuracy", "95 %", "auc", "f1", "random", "verdict");
            for (String name : attackers()) {
                Measured attacked = found("attack-accuracy(" + name + ")");
                out.printf(
                        Locale.ROOT,
                        "%-15s %8.4f %17s %8.4f %8.4f %8.4f  %s%n",
                        name,
                        attacked.value(),
                        interval(attacked),
                        found("auc(" + name + ")").value(),
                        found("f1(" + name + ")").value(),
                        found("attack-accuracy-random(" + name + ")").value(),
                        attacked.verdict().orElse(""));
            }
            out.println();
            for (String name : List.of(
                    "users-attacked",
                    "detectable-auc",
                    "js-divergence",
                    "js-divergence-random",
                    "effective-rank",
                    "trace")) {
                out.printf(Locale.ROOT, "%-20s %.6g%n", name, found(name).value());
            }
            out.println();
            out.println(outcome);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.WORKERS);
    }

    @Override
    public Result run(Env env) throws IOException {
        return result(env, Optional.empty());
    }

    @Override
    public Result report(Env env, Path folder) throws IOException {
        return result(env, Optional.of(folder));
    }

    private Result result(Env env, Optional<Path> folder) throws IOException {
        EmbeddingTable.Described described = read();
        EmbeddingTable table = described.table();
        Hide hide = hide(1, env.seed());
        Classes classes = hide.each(table.entities()).getFirst();
        AttributeInference audit = audit();
        Env counted = env.with(new Ledger());
        List<Finding> findings = audit.examine(table.rows(), table.width(), classes, counted);
        Cost cost = counted.ledger().cost();
        Result result = Result.of(described, attribute, classes, findings);
        if (folder.isPresent()) {
            String words = result.facts() + "; " + Words.full(hide) + "; " + Words.full(audit) + "; seed " + env.seed();
            Picture picture = audit.picture(table.rows(), table.width(), classes, counted);
            String limits = result.sampled() + ". " + audit.limits();
            Run run = Run.ofTool(
                    "audit-embeddings",
                    RunFolder.sha256(words),
                    new Run.Recipe(
                            "recsys",
                            String.valueOf(embeddings.getFileName()),
                            result.users + " embeddings of " + result.width + " dimensions",
                            Words.brief(hide, new Hide()),
                            "as released",
                            env.seed()),
                    Run.Role.TESTED,
                    Exactness.NONE,
                    cost,
                    List.of(new Run.Result(Named.Of.name(audit), audit.aspect(), findings, limits, List.of(picture))));
            Report.write(List.of(run), EmbeddingsSheet.audited(this, result, findings, List.of(picture)), folder.get());
        }
        return result;
    }

    EmbeddingTable.Described read() throws IOException {
        return EmbeddingTable.read(embeddings, id, tensor).with(attributes, id, attribute);
    }

    /** The request to hide the attribute. */
    Hide hide(double share, long seed) {
        return hide(attribute, bands, share, seed);
    }

    private static Hide hide(String attribute, List<Double> bands, double share, long seed) {
        return new Hide(List.of(attribute), bands, 30, share, seed);
    }

    AttributeInference audit() {
        return audit(attackers, maxPerClass, bar);
    }

    private static AttributeInference audit(List<Attacker> attackers, int maxPerClass, double bar) {
        return new AttributeInference(attackers, 5, 3, maxPerClass, bar, Math.max(bar, 0.58), 0.5, false);
    }
}
