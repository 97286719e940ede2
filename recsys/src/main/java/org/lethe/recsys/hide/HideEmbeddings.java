package org.lethe.recsys.hide;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.lethe.Aspect;
import org.lethe.Check;
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Formerly;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.report.Report;
import org.lethe.report.Sheet;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Words;
import org.lethe.tables.EmbeddingFile;
import org.lethe.tables.EmbeddingTable;

/**
 * Moves the embeddings of users so that they do not give away an attribute, and writes them to another file.
 *
 * <p>The model they came from is not needed. The attackers of {@code audit embeddings} guess before and after.
 *
 * @param audit the embeddings, the attribute and the attackers
 * @param method method with its settings, as in a study file: "{transport-map: {form: free-support}}"
 * @param labelShare share of the labels that the method may use; below 1, attackers also guess the other users
 * @param to file for the repaired embeddings: .npy, .safetensors, .csv, .tsv or .parquet
 */
@Named("hide embeddings")
public record HideEmbeddings(
        @Inline AuditEmbeddings audit,
        Method<Split, Recommender> method,
        @Formerly("share") double labelShare,
        @Required Path to)
        implements Tool.Reporting<HideEmbeddings.Result> {
    private static final String LIMITS =
            "Items are not known here: the quality of recommendations is not measured, only how far"
                    + " embeddings moved and whether neighbours stay neighbours.";

    public HideEmbeddings {
        Check.require(labelShare > 0 && labelShare <= 1, "labelShare", labelShare, "above 0 and at most 1");
    }

    /** The default method and all labels; the files are still to be named. */
    public HideEmbeddings() {
        this(new AuditEmbeddings(), Path.of(""));
    }

    /** The default method and all labels. */
    public HideEmbeddings(AuditEmbeddings audit, Path to) {
        this(audit, Repair.methods().getFirst(), 1, to);
    }

    /** The methods that need only embeddings and classes. */
    @Override
    public List<Method<Split, Recommender>> entries() {
        return Repair.methods();
    }

    /**
     * The content of the files, the findings before and after, and the written file.
     *
     * @param audited content of the files, and the findings
     * @param method method with all its settings
     * @param repaired file that was written
     */
    public record Result(@Inline AuditEmbeddings.Result audited, String method, Path repaired) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.println("Repaired. " + audited.answer());
            out.println();
            out.println(audited.sampled());
            out.println(audited.unmatched());
            out.println(method);
            out.printf("%n%-15s %8s %8s %17s %8s  %s%n", "attacker", "before", "after", "95 %", "random", "verdict");
            for (String name : audited.attackers()) {
                Measured attacked = audited.found("attack-accuracy(" + name + ")");
                out.printf(
                        Locale.ROOT,
                        "%-15s %8.4f %8.4f %17s %8.4f  %s%n",
                        name,
                        audited.found("attack-accuracy-before(" + name + ")").value(),
                        attacked.value(),
                        AuditEmbeddings.Result.interval(attacked),
                        audited.found("attack-accuracy-random(" + name + ")").value(),
                        attacked.verdict().orElse(""));
            }
            out.printf("%n%-15s %8s %8s %28s%s%n", "auc", "before", "after", "", "verdict");
            for (String name : audited.attackers()) {
                Measured auc = audited.found("auc(" + name + ")");
                out.printf(
                        Locale.ROOT,
                        "%-15s %8.4f %8.4f %28s%s%n",
                        name,
                        audited.found("auc-before(" + name + ")").value(),
                        auc.value(),
                        "",
                        auc.verdict().orElse(""));
            }
            audited.findings().forEach((name, attacked) -> {
                if (name.startsWith("attack-accuracy-inductive(") || name.startsWith("attack-accuracy-held-out(")) {
                    out.printf(
                            Locale.ROOT,
                            "%-40s %.4f %s  %s%n",
                            name,
                            attacked.value(),
                            AuditEmbeddings.Result.interval(attacked),
                            attacked.verdict().orElse(""));
                }
            });
            out.println();
            for (String name : List.of(
                    "users-attacked",
                    "detectable-auc",
                    "js-divergence",
                    "js-divergence-random",
                    "effective-rank-kept",
                    "trace-kept",
                    "displacement",
                    "moved-users",
                    "neighbours-kept")) {
                Measured finding = audited.found(name);
                out.printf(
                        Locale.ROOT,
                        "%-20s %-10.6g%s%n",
                        name,
                        finding.value(),
                        finding.verdict().map(v -> "  " + v).orElse(""));
            }
            out.println();
            out.println(audited.outcome());
            out.println(repaired);
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
        EmbeddingFile file = EmbeddingFile.of(to, audit.id(), audit.tensor());
        Hide hide = audit.hide(labelShare, env.seed());
        Repair repair = new Repair(method, hide);
        AttributeInference attack = audit.audit();
        EmbeddingTable.Described described = audit.read();
        refuseToOverwrite(audit.embeddings());
        refuseToOverwrite(audit.attributes());
        file.require(described.table());
        Classes classes = hide.each(described.table().entities()).getFirst();
        Env counted = env.with(new Ledger());
        Repair.Repaired repaired = counted.ledger().timed("hide", () -> repair.repair(described.table(), counted));
        Cost hiding = counted.ledger().cost();
        List<Finding> attacks = attack.examine(repaired.made(), counted);
        List<Finding> movement = repaired.movement(counted);
        List<Finding> findings = new ArrayList<>(attacks);
        findings.addAll(movement);
        Result result = new Result(
                AuditEmbeddings.Result.of(described, audit.attribute(), classes, findings), Words.full(method), to);
        List<Run> runs = new ArrayList<>();
        if (folder.isPresent()) {
            String digest = RunFolder.sha256(
                    result.facts() + "; " + Words.full(hide) + "; " + Words.full(attack) + "; seed " + env.seed());
            String limits = result.audited.sampled() + ". " + attack.limits();
            String name = Named.Of.name(attack);
            Run.Result after =
                    new Run.Result(name, attack.aspect(), attacks, limits, attack.pictures(repaired.made(), counted));
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
            Sheet sheet = EmbeddingsSheet.repaired(
                    this,
                    result.audited,
                    Words.brief(method, method),
                    findings,
                    attack.pictures(repaired.made(), counted));
            Report.write(runs, sheet, folder.get());
        }
        return result;
    }

    private void refuseToOverwrite(Path source) throws IOException {
        if (Files.exists(to) && Files.isSameFile(to, source)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "--to is " + to + ", which is also an input; expected another file, so that both can be compared");
        }
    }

    private Run.Recipe recipe(Result result, String hide, String method, Env env) {
        return new Run.Recipe(
                "recsys",
                String.valueOf(audit.embeddings().getFileName()),
                result.audited.users() + " embeddings of " + result.audited.width() + " dimensions",
                hide,
                method,
                env.seed());
    }

    /** One run: the repair, or the control with the embeddings before, which the audit must reject. */
    private Run run(String digest, Run.Recipe recipe, Run.Role role, Cost hiding, List<Run.Result> results) {
        return Run.ofTool("hide-embeddings", digest, recipe, role, method.exactness(), hiding, results);
    }
}
