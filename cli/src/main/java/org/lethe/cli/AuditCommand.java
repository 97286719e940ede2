package org.lethe.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lethe.Cost;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.recsys.hide.AttributeInference;
import org.lethe.recsys.hide.Classes;
import org.lethe.recsys.hide.Hide;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Words;
import org.lethe.tables.EmbeddingTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

    private record Attacked(List<Finding> findings, Cost cost, List<Picture> pictures) {}

    @Command(
            name = "embeddings",
            description = "Say how well attackers guess an attribute of users from their rows, and write a report.",
            mixinStandardHelpOptions = true)
    int embeddings(@Mixin JsonOption json, @Mixin UserRowsOptions rows) throws IOException {
        EmbeddingTable.Described described = rows.read();
        EmbeddingTable table = described.table();
        Hide hide = rows.hide(1);
        Classes classes = hide.each(table.entities()).getFirst();
        AttributeInference audit = rows.audit();
        Attacked attacked = rows.with(env -> new Attacked(
                audit.examine(table.rows(), table.width(), classes, env),
                env.ledger().cost(),
                rows.out.isPresent() ? List.of(audit.picture(table.rows(), table.width(), classes, env)) : List.of()));
        List<Finding> findings = attacked.findings;
        Map<String, Object> facts = UserRowsOptions.facts(described, classes, findings);
        if (rows.out.isPresent()) {
            String words = facts + "; " + Words.full(hide) + "; " + Words.full(audit) + "; seed " + rows.seed;
            Run run = new Run(
                    "audit-embeddings",
                    RunFolder.sha256(words),
                    new Run.Recipe(
                            "recsys",
                            String.valueOf(rows.users.getFileName()),
                            table.entities().size() + " rows of " + table.width(),
                            Words.brief(hide, new Hide()),
                            "as released",
                            rows.seed),
                    Run.Role.TESTED,
                    Exactness.NONE,
                    "",
                    RunFolder.versions(),
                    Cost.NONE,
                    attacked.cost,
                    Cost.NONE,
                    List.of(new Run.Result(
                            Named.Of.name(audit),
                            findings,
                            UserRowsOptions.sampled(facts) + ". " + audit.limits(),
                            attacked.pictures)),
                    Optional.empty());
            Report.write(List.of(run), rows.out.get());
            facts.put("report", rows.out.get().resolve("report.html").toString());
        }
        json.print(spec, facts, () -> print(facts, UserRowsOptions.named(findings)));
        return Lethe.DONE;
    }

    private void print(Map<String, Object> facts, Map<String, Finding> named) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(UserRowsOptions.sampled(facts));
        out.println(UserRowsOptions.unmatched(facts));
        out.printf("%n%-15s %8s %17s %8s %8s %8s  %s%n", "attacker", "leak", "95 %", "auc", "f1", "random", "verdict");
        for (String name : UserRowsOptions.attackers(named)) {
            Finding leak = UserRowsOptions.found(named, "leak(" + name + ")");
            out.printf(
                    Locale.ROOT,
                    "%-15s %8.4f %17s %8.4f %8.4f %8.4f  %s%n",
                    name,
                    leak.value(),
                    UserRowsOptions.interval(leak),
                    UserRowsOptions.found(named, "auc(" + name + ")").value(),
                    UserRowsOptions.found(named, "f1(" + name + ")").value(),
                    UserRowsOptions.found(named, "leak-random(" + name + ")").value(),
                    leak.verdict().map(UserRowsOptions::verdict).orElse(""));
        }
        out.println();
        for (String name : List.of("users-attacked", "js", "js-random", "effective-rank", "trace")) {
            out.printf(
                    Locale.ROOT,
                    "%-15s %.6g%n",
                    name,
                    UserRowsOptions.found(named, name).value());
        }
        if (facts.containsKey("report")) {
            out.println(facts.get("report"));
        }
    }
}
