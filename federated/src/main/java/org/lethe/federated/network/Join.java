package org.lethe.federated.network;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.federated.Federated;
import org.lethe.federated.SiteTable;

/**
 * Joins a federation with a table of people that stays here.
 *
 * <p>What leaves this site: a profile of the table (numbers of rows, rounded ranges, frequent texts, sizes of groups), in each fair
 * round how many people of each group have which score, the trained weights, and counts of decisions on the test rows. These are
 * not protected by noise or by masks. Started again after a crash, it goes on in the same round.
 *
 * @param table the table of this site: .csv, .tsv or .parquet
 * @param server address of the server, as host:port
 * @param name of this site, as in its certificate
 * @param certificates folder with ca.crt, and NAME.crt and NAME.key of this site
 * @param site name of the column that says which site holds a row; empty where all rows of the file are of this site
 * @param columns names of the only columns that the server may ask for; empty for any
 * @param to file for the classifier: .safetensors
 * @param state folder for what a restart needs
 * @param patienceMinutes for which the server may be away
 */
@Named("federate join")
public record Join(
        @Argument Path table,
        @Required String server,
        @Required String name,
        @Required Path certificates,
        String site,
        List<String> columns,
        Optional<Path> to,
        Path state,
        int patienceMinutes)
        implements Tool<Join.Result> {
    public Join {
        columns = List.copyOf(columns);
        Check.require(patienceMinutes >= 1, "patienceMinutes", patienceMinutes, "at least 1");
        Check.require(
                name.isEmpty() || name.matches("[A-Za-z0-9][A-Za-z0-9._-]*"),
                "name",
                name,
                "letters, digits, dots, hyphens and underscores");
    }

    /** All rows of a file, any column, half an hour of patience; file, server and certificates are still to be named. */
    public Join() {
        this(Path.of(""), "", "", Path.of(""), "", List.of(), Optional.empty(), Path.of("federation"), 30);
    }

    /**
     * The part that this site took.
     *
     * @param rounds of the federation
     * @param updates that this site sent
     * @param classifier file that was written, if any
     */
    public record Result(int rounds, int updates, String classifier) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.println(rounds + " rounds, " + updates + " updates from this site"
                    + (classifier.isEmpty() ? "" : "; the classifier: " + classifier));
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public Result run(Env env) throws IOException {
        if (!Files.isRegularFile(table)) {
            throw new LetheException(LetheException.Code.DATA, table + ": there is no such file");
        }
        Channel.Identity identity = new Channel.Identity(certificates, name);
        try (Channel channel = Channel.to(server, identity)) {
            Site.Outcome outcome = new Site(
                            channel,
                            this::read,
                            state.resolve(name),
                            60_000L * patienceMinutes,
                            Serve.BEAT_MILLIS,
                            env.progress())
                    .run();
            String written = "";
            if (to.isPresent()) {
                new Federated().save(outcome.classifier(), Map.of("lethe.site", name), to.get());
                written = to.get().toString();
            }
            return new Result(outcome.rounds(), outcome.trained(), written);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LetheException(LetheException.Code.NETWORK, "federation: interrupted", e);
        }
    }

    private SiteTable read(SiteTable.Layout layout) {
        if (!columns.isEmpty()) {
            TreeSet<String> asked = new TreeSet<>(layout.features());
            asked.addAll(layout.sensitive());
            asked.add(layout.label());
            asked.removeAll(columns);
            if (!asked.isEmpty() || layout.features().isEmpty()) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "the server asks for " + (asked.isEmpty() ? "all columns" : "the columns " + asked)
                                + ", expected only those of columns, " + columns);
            }
        }
        return SiteTable.read(table, layout, site, name);
    }
}
