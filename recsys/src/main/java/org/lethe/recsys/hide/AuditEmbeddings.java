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
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Ledger;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.attack.Attacker;
import org.lethe.tables.EmbeddingTable;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Words;

/**
 * Says how well attackers guess an attribute of users from their embeddings in a file.
 *
 * <p>Nothing is trained but the attackers. The audit is {@code attribute-inference}, with its control; the report shows the
 * users of each class beside it.
 *
 * @param users one row of numbers for each user: .npy, .safetensors, .csv, .tsv or .parquet
 * @param attributes what is known of users: .csv, .tsv or .parquet
 * @param attribute the column to be guessed, as gender
 * @param id the column of ids in both files; rows of .npy are numbered from 0
 * @param tensor which tensor of a .safetensors file, where it has several
 * @param bands where a class of numbers begins
 * @param attackers who guesses
 * @param most users of a class at most
 * @param bar the largest leak that passes
 */
@Named("audit embeddings")
public record AuditEmbeddings(
        @Argument Path users,
        @Required Path attributes,
        @Required String attribute,
        String id,
        String tensor,
        List<Double> bands,
        List<Attacker> attackers,
        int most,
        double bar)
        implements Tool.Reporting<AuditEmbeddings.Result> {
    public AuditEmbeddings {
        bands = List.copyOf(bands);
        attackers = List.copyOf(attackers);
        audit(attackers, most, bar);
        hide(attribute, bands, 1, 0);
    }

    /** Five attackers, a bar of 0.55, and files yet to be named. */
    public AuditEmbeddings() {
        this(Path.of(""), Path.of(""), "");
    }

    /** An attribute of the users in a file, with the usual settings. */
    public AuditEmbeddings(Path users, Path attributes, String attribute) {
        this(users, attributes, attribute, "id", "", List.of(35.0, 50.0), List.of(Attacker.values()), 5_000, 0.55);
    }

    /**
     * What the files hold, and what was found.
     *
     * @param users rows of the file
     * @param width numbers in a row
     * @param classes users of each class
     * @param unlabelled users without a class
     * @param rowsWithoutAttributes rows of which the attributes say nothing
     * @param attributesWithoutRow users with an attribute who have no row
     * @param constantColumns numbers that are the same in every row
     * @param findings of the audit, by name
     */
    public record Result(
            int users,
            int width,
            Map<String, Integer> classes,
            int unlabelled,
            int rowsWithoutAttributes,
            int attributesWithoutRow,
            int constantColumns,
            Map<String, Measured> findings)
            implements Tool.Result {
        static Result of(EmbeddingTable.Described described, Classes classes, List<Finding> findings) {
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
                    measured);
        }

        /** The first line of what is printed. */
        String sampled() {
            return users + " users, classes " + classes + ", " + unlabelled
                    + " without a class; each class down-sampled to equal size";
        }

        /** The second line. */
        String unmatched() {
            return rowsWithoutAttributes + " rows of unknown attribute, " + attributesWithoutRow
                    + " attributes without a row, " + constantColumns + " constant columns";
        }

        /** Who attacked, in the words of the findings. */
        List<String> attackers() {
            return findings.keySet().stream()
                    .filter(n -> n.startsWith("leak("))
                    .map(n -> n.substring(5, n.length() - 1))
                    .toList();
        }

        Measured found(String name) {
            Measured finding = findings.get(name);
            if (finding == null) {
                throw new IllegalStateException("the audit did not find " + name);
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
            out.println(sampled());
            out.println(unmatched());
            out.printf(
                    "%n%-15s %8s %17s %8s %8s %8s  %s%n", "attacker", "leak", "95 %", "auc", "f1", "random", "verdict");
            for (String name : attackers()) {
                Measured leak = found("leak(" + name + ")");
                out.printf(
                        Locale.ROOT,
                        "%-15s %8.4f %17s %8.4f %8.4f %8.4f  %s%n",
                        name,
                        leak.value(),
                        interval(leak),
                        found("auc(" + name + ")").value(),
                        found("f1(" + name + ")").value(),
                        found("leak-random(" + name + ")").value(),
                        leak.verdict().orElse(""));
            }
            out.println();
            for (String name : List.of("users-attacked", "js", "js-random", "effective-rank", "trace")) {
                out.printf(Locale.ROOT, "%-15s %.6g%n", name, found(name).value());
            }
        }
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
        Result result = Result.of(described, classes, findings);
        if (folder.isPresent()) {
            String words = result.facts() + "; " + Words.full(hide) + "; " + Words.full(audit) + "; seed " + env.seed();
            Run run = Run.ofTool(
                    "audit-embeddings",
                    RunFolder.sha256(words),
                    new Run.Recipe(
                            "recsys",
                            String.valueOf(users.getFileName()),
                            result.users + " rows of " + result.width,
                            Words.brief(hide, new Hide()),
                            "as released",
                            env.seed()),
                    Run.Role.TESTED,
                    Exactness.NONE,
                    cost,
                    List.of(new Run.Result(
                            Named.Of.name(audit),
                            audit.aspect(),
                            findings,
                            result.sampled() + ". " + audit.limits(),
                            List.of(audit.picture(table.rows(), table.width(), classes, counted)))));
            Report.write(List.of(run), folder.get());
        }
        return result;
    }

    EmbeddingTable.Described read() throws IOException {
        return EmbeddingTable.read(users, id, tensor).with(attributes, id, attribute);
    }

    /** The request whose effect attackers judge. */
    Hide hide(double share, long seed) {
        return hide(attribute, bands, share, seed);
    }

    private static Hide hide(String attribute, List<Double> bands, double share, long seed) {
        return new Hide(List.of(attribute), bands, 30, share, seed);
    }

    AttributeInference audit() {
        return audit(attackers, most, bar);
    }

    private static AttributeInference audit(List<Attacker> attackers, int most, double bar) {
        return new AttributeInference(attackers, 5, 3, most, bar, Math.max(bar, 0.58), 0.5, false);
    }
}
