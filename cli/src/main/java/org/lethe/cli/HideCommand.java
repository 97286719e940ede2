package org.lethe.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lethe.Cost;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.hide.AttributeInference;
import org.lethe.recsys.hide.Classes;
import org.lethe.recsys.hide.Hide;
import org.lethe.recsys.hide.Repair;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Studies;
import org.lethe.study.Words;
import org.lethe.tables.EmbeddingFile;
import org.lethe.tables.EmbeddingTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Repairs what somebody has in a file, without the model it came from, and attacks it before and after. */
@Command(
        name = "hide",
        description = "Repair what you have in a file: user embeddings that do not give away an attribute.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class HideCommand {
    private static final String LIMITS = "Nothing is known of items here: whether lists are as good as before is not"
            + " measured, only how far rows moved and which rows are near each other.";

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private record Done(
            Repair.Repaired repaired,
            List<Finding> attack,
            List<Finding> movement,
            List<Finding> idle,
            List<Picture> pictures,
            Cost hiding) {}

    @Command(
            name = "embeddings",
            description =
                    "Move the rows of users so that they do not give away an attribute, write them to another file,"
                            + " and say how well attackers guess before and after.",
            mixinStandardHelpOptions = true)
    int embeddings(
            @Mixin JsonOption json,
            @Mixin UserRowsOptions rows,
            @Option(
                            names = "--method",
                            defaultValue = "d2d-r",
                            description =
                                    "How: d2d-r (by default), transport-map, u2u-r, mean-equalisation, equal-noise or"
                                            + " dp-noise, with settings as in a study file: \"{transport-map: {form: support}}\".")
                    String method,
            @Option(
                            names = "--share",
                            defaultValue = "1",
                            description =
                                    "The share of labels the method may use; below 1, attackers also guess the others'.")
                    double share,
            @Option(
                            names = "--to",
                            required = true,
                            description = "The file for the repaired rows: .npy, .safetensors, .csv, .tsv or .parquet.")
                    Path to)
            throws IOException {
        Method<Split, Recommender> how = Studies.entry("--method", "method", method, Repair.methods());
        EmbeddingFile file = EmbeddingFile.of(to, rows.id, rows.tensor);
        Hide hide = rows.hide(share);
        Repair repair = new Repair(how, hide);
        AttributeInference audit = rows.audit();
        EmbeddingTable.Described described = rows.read();
        refuseToOverwrite(to, rows.users);
        refuseToOverwrite(to, rows.attributes);
        file.require(described.table());
        Classes classes = hide.each(described.table().entities()).getFirst();
        Done done = rows.with(env -> {
            Repair.Repaired repaired = env.ledger().timed("hide", () -> repair.repair(described.table(), env));
            Cost hiding = env.ledger().cost();
            List<Finding> attack = audit.examine(repaired.made(), env);
            List<Finding> idle = rows.out.isPresent() ? audit.examine(repaired.idle(), env) : List.of();
            List<Picture> pictures = rows.out.isPresent() ? audit.pictures(repaired.made(), env) : List.of();
            return new Done(repaired, attack, repaired.movement(env), idle, pictures, hiding);
        });
        List<Finding> findings = new ArrayList<>(done.attack);
        findings.addAll(done.movement);
        Map<String, Object> facts = UserRowsOptions.facts(described, classes, findings);
        facts.put("method", Words.full(how));
        file.write(done.repaired.table());
        facts.put("repaired", to.toString());
        if (rows.out.isPresent()) {
            Report.write(runs(rows, how, hide, audit, done, facts), rows.out.get());
            facts.put("report", rows.out.get().resolve("report.html").toString());
        }
        json.print(spec, facts, () -> print(facts, UserRowsOptions.named(findings)));
        return Lethe.DONE;
    }

    private static void refuseToOverwrite(Path to, Path source) throws IOException {
        if (Files.exists(to) && Files.isSameFile(to, source)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "--to is " + to + ", which is read as well; expected another file, so that both can be compared");
        }
    }

    /** The repair, and beside it the rows as they were, which the audit has to reject. */
    private static List<Run> runs(
            UserRowsOptions rows,
            Method<Split, Recommender> how,
            Hide hide,
            AttributeInference audit,
            Done done,
            Map<String, Object> facts) {
        String limits = UserRowsOptions.sampled(facts) + ". " + audit.limits();
        String digest =
                RunFolder.sha256(facts + "; " + Words.full(hide) + "; " + Words.full(audit) + "; seed " + rows.seed);
        Run.Recipe recipe = new Run.Recipe(
                "recsys",
                String.valueOf(rows.users.getFileName()),
                facts.get("users") + " rows of " + facts.get("width"),
                Words.brief(hide, new Hide()),
                Words.full(how),
                rows.seed);
        Run repaired = new Run(
                "hide-embeddings",
                digest,
                recipe,
                Run.Role.TESTED,
                how.exactness(),
                "",
                RunFolder.versions(),
                Cost.NONE,
                done.hiding,
                Cost.NONE,
                List.of(
                        new Run.Result(Named.Of.name(audit), done.attack, limits, done.pictures),
                        new Run.Result("movement", done.movement, LIMITS)),
                Optional.empty());
        Run.Recipe untouched = new Run.Recipe(
                recipe.subject(), recipe.data(), recipe.model(), recipe.request(), "as before", rows.seed);
        Run idle = new Run(
                "hide-embeddings",
                digest,
                untouched,
                Run.Role.DO_NOTHING,
                how.exactness(),
                "",
                RunFolder.versions(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                List.of(new Run.Result(Named.Of.name(audit), done.idle, limits)),
                Optional.empty());
        return List.of(repaired, idle);
    }

    private void print(Map<String, Object> facts, Map<String, Finding> named) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(UserRowsOptions.sampled(facts));
        out.println(UserRowsOptions.unmatched(facts));
        out.println(facts.get("method"));
        out.printf("%n%-15s %8s %8s %17s %8s  %s%n", "attacker", "before", "after", "95 %", "random", "verdict");
        for (String name : UserRowsOptions.attackers(named)) {
            Finding leak = UserRowsOptions.found(named, "leak(" + name + ")");
            out.printf(
                    Locale.ROOT,
                    "%-15s %8.4f %8.4f %17s %8.4f  %s%n",
                    name,
                    UserRowsOptions.found(named, "leak-before(" + name + ")").value(),
                    leak.value(),
                    UserRowsOptions.interval(leak),
                    UserRowsOptions.found(named, "leak-random(" + name + ")").value(),
                    leak.verdict().map(UserRowsOptions::verdict).orElse(""));
        }
        named.forEach((name, leak) -> {
            if (name.startsWith("leak-inductive(") || name.startsWith("leak-unknown(")) {
                out.printf(
                        Locale.ROOT,
                        "%-30s %.4f %s  %s%n",
                        name,
                        leak.value(),
                        UserRowsOptions.interval(leak),
                        leak.verdict().map(UserRowsOptions::verdict).orElse(""));
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
            Finding finding = UserRowsOptions.found(named, name);
            out.printf(
                    Locale.ROOT,
                    "%-20s %-10.6g%s%n",
                    name,
                    finding.value(),
                    finding.verdict()
                            .map(v -> "  " + UserRowsOptions.verdict(v))
                            .orElse(""));
        }
        out.println(facts.get("repaired"));
        if (facts.containsKey("report")) {
            out.println(facts.get("report"));
        }
    }
}
