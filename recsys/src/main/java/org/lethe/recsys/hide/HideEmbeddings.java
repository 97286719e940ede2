package org.lethe.recsys.hide;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.Aspect;
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.tables.EmbeddingFile;
import org.lethe.tables.EmbeddingTable;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Words;

/**
 * Moves the embeddings of users so that they do not give away an attribute, and writes them to another file.
 *
 * <p>The model they came from is not needed. Attackers guess before and after, as {@code audit embeddings} has them guess.
 *
 * @param audit the embeddings, the attribute, and who guesses
 * @param method how, as in a study file: "{transport-map: {form: support}}"
 * @param share the share of labels the method may use; below 1, attackers also guess the others'
 * @param to the file for the repaired rows: .npy, .safetensors, .csv, .tsv or .parquet
 */
@Named("hide embeddings")
public record HideEmbeddings(
        @Inline AuditEmbeddings audit,
        Method<Split, Recommender> method,
        double share,
        @Required Path to) implements Tool.Reporting<HideEmbeddings.Result> {
    private static final String LIMITS = "Nothing is known of items here: whether lists are as good as before is not"
            + " measured, only how far rows moved and which rows are near each other.";

    public HideEmbeddings {
        Check.require(share > 0 && share <= 1, "share", share, "above 0 and at most 1");
    }

    /** The usual method, all labels, and files yet to be named. */
    public HideEmbeddings() {
        this(new AuditEmbeddings(), Path.of(""));
    }

    /** The usual method, all labels. */
    public HideEmbeddings(AuditEmbeddings audit, Path to) {
        this(audit, Repair.methods().getFirst(), 1, to);
    }

    /** The methods that need rows and classes only. */
    @Override
    public List<Method<Split, Recommender>> entries() {
        return Repair.methods();
    }

    /**
     * What the files hold, what was found before and after, and what was written.
     *
     * @param rows of the files, with the findings
     * @param method with all its settings
     * @param repaired the file that was written
     */
    public record Result(@Inline AuditEmbeddings.Result rows, String method, Path repaired) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.println(rows.sampled());
            out.println(rows.unmatched());
            out.println(method);
            out.printf("%n%-15s %8s %8s %17s %8s  %s%n", "attacker", "before", "after", "95 %", "random", "verdict");
            for (String name : rows.attackers()) {
                Measured leak = rows.found("leak(" + name + ")");
                out.printf(
                        Locale.ROOT,
                        "%-15s %8.4f %8.4f %17s %8.4f  %s%n",
                        name,
                        rows.found("leak-before(" + name + ")").value(),
                        leak.value(),
                        AuditEmbeddings.Result.interval(leak),
                        rows.found("leak-random(" + name + ")").value(),
                        leak.verdict().orElse(""));
            }
            rows.findings().forEach((name, leak) -> {
                if (name.startsWith("leak-inductive(") || name.startsWith("leak-unknown(")) {
                    out.printf(
                            Locale.ROOT,
                            "%-30s %.4f %s  %s%n",
                            name,
                            leak.value(),
                            AuditEmbeddings.Result.interval(leak),
                            leak.verdict().orElse(""));
                }
            });
            out.println();
            for (String name : List.of(
                    "users-attacked",
                    "js",
                    "js-random",
                    "effective-rank-kept",
                    "trace-kept",
                    "moved",
                    "moved-users",
                    "neighbours-kept")) {
                Measured finding = rows.found(name);
                out.printf(
                        Locale.ROOT,
                        "%-20s %-10.6g%s%n",
                        name,
                        finding.value(),
                        finding.verdict().map(v -> "  " + v).orElse(""));
            }
            out.println(repaired);
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
        EmbeddingFile file = EmbeddingFile.of(to, audit.id(), audit.tensor());
        Hide hide = audit.hide(share, env.seed());
        Repair repair = new Repair(method, hide);
        AttributeInference attack = audit.audit();
        EmbeddingTable.Described described = audit.read();
        refuseToOverwrite(audit.users());
        refuseToOverwrite(audit.attributes());
        file.require(described.table());
        Classes classes = hide.each(described.table().entities()).getFirst();
        Env counted = env.with(new Ledger());
        Repair.Repaired repaired = counted.ledger().timed("hide", () -> repair.repair(described.table(), counted));
        Cost hiding = counted.ledger().cost();
        List<Finding> leaks = attack.examine(repaired.made(), counted);
        List<Finding> movement = repaired.movement(counted);
        List<Finding> findings = new ArrayList<>(leaks);
        findings.addAll(movement);
        Result result = new Result(AuditEmbeddings.Result.of(described, classes, findings), Words.full(method), to);
        List<Run> runs = new ArrayList<>();
        if (folder.isPresent()) {
            String digest = RunFolder.sha256(
                    result.facts() + "; " + Words.full(hide) + "; " + Words.full(attack) + "; seed " + env.seed());
            String limits = result.rows.sampled() + ". " + attack.limits();
            String name = Named.Of.name(attack);
            Run.Result after = new Run.Result(name, attack.aspect(), leaks, limits, attack.pictures(repaired.made(), counted));
            Run.Result before = new Run.Result(name, attack.aspect(), attack.examine(repaired.idle(), counted), limits);
            String brief = Words.brief(hide, new Hide());
            runs.add(run(
                    digest,
                    recipe(result, brief, result.method, env),
                    Run.Role.TESTED,
                    hiding,
                    List.of(after, new Run.Result("movement", Aspect.UTILITY, movement, LIMITS))));
            runs.add(run(
                    digest, recipe(result, brief, "as before", env), Run.Role.DO_NOTHING, Cost.NONE, List.of(before)));
        }
        file.write(repaired.table());
        if (folder.isPresent()) {
            Report.write(runs, folder.get());
        }
        return result;
    }

    private void refuseToOverwrite(Path source) throws IOException {
        if (Files.exists(to) && Files.isSameFile(to, source)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "--to is " + to + ", which is read as well; expected another file, so that both can be compared");
        }
    }

    private Run.Recipe recipe(Result result, String hide, String method, Env env) {
        return new Run.Recipe(
                "recsys",
                String.valueOf(audit.users().getFileName()),
                result.rows.users() + " rows of " + result.rows.width(),
                hide,
                method,
                env.seed());
    }

    /** The repair, or beside it the rows as they were, which the audit has to reject. */
    private Run run(String digest, Run.Recipe recipe, Run.Role role, Cost hiding, List<Run.Result> results) {
        return Run.ofTool("hide-embeddings", digest, recipe, role, method.exactness(), hiding, results);
    }
}
