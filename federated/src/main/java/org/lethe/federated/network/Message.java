package org.lethe.federated.network;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lethe.federated.Grouping;
import org.lethe.federated.Local;
import org.lethe.federated.Network;
import org.lethe.federated.ScoreMap;
import org.lethe.federated.SiteTable;
import org.lethe.federated.balance.BalanceSites;
import org.lethe.federated.balance.Pull;

/**
 * A message between a client and the server.
 *
 * <p>On the wire: the four bytes {@code LTHF}, the schema version in two, the kind of body in one, the run and the digest of the
 * model in eight each, then the body as {@link Wire} writes it. Head and {@link Body.Refusal} keep their form in all versions, so
 * that any server can tell any client that versions differ.
 *
 * @param run number of the federation, drawn when it begins; 0 where the sender does not know it yet
 * @param model digest of the weights that the message is about; 0 where it is about none
 * @param body what it says
 */
record Message(long run, long model, Body body) {
    static final int VERSION = 1;
    private static final int MAGIC = 0x4C544846;

    /** Another schema version than this one. */
    static final class Skew extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Skew(int version) {
            super("schema version is " + version + ", expected " + VERSION
                    + "; use the same release of Lethe on both sides");
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }

    /** Why the server refuses something. */
    enum Code {
        /** Another schema version. */
        VERSION,
        /** No message of this protocol, or one that says impossible things. */
        MALFORMED,
        /** A site that does not belong to the federation. */
        UNKNOWN_SITE,
        /** Another federation. */
        RUN,
        /** Another model than the one of this task. */
        MODEL,
        /** A reply to a task that is over. */
        LATE,
        /** A reply to a task that the server, started again, has not given again. */
        EARLY,
        /** A reply that was accepted before. */
        DUPLICATE,
        /** A number that is not finite. */
        NOT_FINITE,
        /** An update much larger than those of the last rounds. */
        TOO_LARGE,
        /** Counts that contradict each other. */
        INCONSISTENT,
        /** A site that sent three such replies. */
        QUARANTINED;

        /** Whether it is a fault of the site, of which three are too many. */
        boolean fault() {
            return this == MALFORMED || this == NOT_FINITE || this == TOO_LARGE || this == INCONSISTENT;
        }
    }

    /**
     * What every client needs to know for all tasks.
     *
     * @param layout what is asked of its table
     * @param hidden width of the hidden layer, 0 for none
     * @param dropout of the hidden layer
     * @param local steps of a client
     * @param keeps whether clients keep the moments of Adam
     * @param steps in each round
     * @param pull second part of the loss
     * @param beta weight of its first part
     * @param fairness what is to be equal
     * @param bins of the histograms
     */
    record Terms(
            SiteTable.Layout layout,
            int hidden,
            double dropout,
            Local local,
            boolean keeps,
            int steps,
            Pull pull,
            double beta,
            BalanceSites.Fairness fairness,
            int bins) {
        Network network(SiteTable.Agreement agreement) {
            return new Network(agreement.features(), hidden, dropout);
        }
    }

    /** What a message says. */
    sealed interface Body {
        /** A client begins, or begins again. */
        record Register() implements Body {}

        /** A client asks for work. The server waits a little before it says that there is none. */
        record PullTask() implements Body {}

        /** A client is alive. */
        record Beat() implements Body {}

        /** The reply to a task. */
        record Push(long task, Reply reply) implements Body {}

        /** What a client must know; the agreement follows when all profiles are there. */
        record Welcome(int client, Terms terms, Optional<SiteTable.Agreement> agreement) implements Body {}

        /** There is no work now. */
        record Wait() implements Body {}

        /** A task; its number is unique within a run, and the same after the server was started again. */
        record Give(long task, int round, Task work) implements Body {}

        /** The federation is over; these are the final weights. */
        record Done(int rounds, float[] weights) implements Body {}

        /** The server has taken note. */
        record Accepted() implements Body {}

        /** The server has not. */
        record Refusal(Code code, String reason) implements Body {}
    }

    /** What a client is asked to do. */
    sealed interface Task {
        /** Tell the profile of the table. */
        record ProfileTask() implements Task {}

        /** Tell the histogram of scores. */
        record StatsTask(float[] weights) implements Task {}

        /**
         * Train.
         *
         * @param key of all draws
         * @param fresh whether the moments of Adam begin at zero
         * @param maps of scores by stratum; none for plain averaging
         */
        record TrainTask(float[] weights, long key, boolean fresh, List<ScoreMap> maps) implements Task {}

        /** Count decisions on the test rows. */
        record EvalTask(float[] weights) implements Task {}
    }

    /** What a client answers. */
    sealed interface Reply {
        /** The profile of its table. */
        record ProfileReply(SiteTable.Profile profile) implements Reply {}

        /** The histogram, and how many records it counts. */
        record StatsReply(int[] histogram, int records) implements Reply {}

        /**
         * The weights after training.
         *
         * @param weights trained
         * @param records that they were trained on
         * @param steps taken
         * @param loss mean cross entropy before
         * @param reset whether moments of Adam were to be kept and were not there
         */
        record TrainReply(float[] weights, int records, int steps, double loss, boolean reset) implements Reply {}

        /** Decisions by group, label and prediction; the last group is everybody without one. */
        record EvalReply(long[] counts) implements Reply {}
    }

    byte[] bytes() {
        Wire.Writer to = new Wire.Writer()
                .number(MAGIC)
                .small(VERSION)
                .octet(kind(body))
                .wide(run)
                .wide(model);
        switch (body) {
            case Body.Register(), Body.PullTask(), Body.Beat(), Body.Wait(), Body.Accepted() -> {}
            case Body.Push(var task, var reply) -> put(to.wide(task), reply);
            case Body.Welcome(var client, var terms, var agreement) -> {
                put(to.number(client), terms);
                to.flag(agreement.isPresent());
                agreement.ifPresent(a -> put(to, a));
            }
            case Body.Give(var task, var round, var work) -> put(to.wide(task).number(round), work);
            case Body.Done(var rounds, var weights) -> to.number(rounds).floats(weights);
            case Body.Refusal(var code, var reason) -> to.choice(code).text(reason);
        }
        return to.bytes();
    }

    private static int kind(Body body) {
        return switch (body) {
            case Body.Refusal _ -> 0;
            case Body.Register _ -> 1;
            case Body.PullTask _ -> 2;
            case Body.Beat _ -> 3;
            case Body.Push _ -> 4;
            case Body.Welcome _ -> 5;
            case Body.Wait _ -> 6;
            case Body.Give _ -> 7;
            case Body.Done _ -> 8;
            case Body.Accepted _ -> 9;
        };
    }

    /** The message in these bytes; {@link Skew} or {@link Wire.Malformed} says what else they are. */
    static Message of(byte[] bytes) {
        Wire.Reader from = new Wire.Reader(bytes);
        if (from.number() != MAGIC) {
            throw new Wire.Malformed("the message does not begin with LTHF");
        }
        int version = from.small();
        int kind = from.octet();
        if (version != VERSION && kind != 0) {
            throw new Skew(version);
        }
        long run = from.wide();
        long model = from.wide();
        try {
            Body body = switch (kind) {
                case 0 -> new Body.Refusal(from.choice(Code.class), from.text());
                case 1 -> new Body.Register();
                case 2 -> new Body.PullTask();
                case 3 -> new Body.Beat();
                case 4 -> new Body.Push(from.wide(), reply(from));
                case 5 ->
                    new Body.Welcome(
                            from.number(), terms(from), from.flag() ? Optional.of(agreement(from)) : Optional.empty());
                case 6 -> new Body.Wait();
                case 7 -> new Body.Give(from.wide(), from.number(), task(from));
                case 8 -> new Body.Done(from.number(), from.floats());
                case 9 -> new Body.Accepted();
                default -> throw new Wire.Malformed("the kind of body is " + kind + ", expected 0 to 9");
            };
            from.end();
            return new Message(run, model, body);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new Wire.Malformed(String.valueOf(e.getMessage())); // a record refused its values
        }
    }

    private static void put(Wire.Writer to, Task task) {
        switch (task) {
            case Task.ProfileTask() -> to.octet(0);
            case Task.StatsTask(var weights) -> to.octet(1).floats(weights);
            case Task.TrainTask(var weights, var key, var fresh, var maps) ->
                to.octet(2).floats(weights).wide(key).flag(fresh).list(maps, Message::put);
            case Task.EvalTask(var weights) -> to.octet(3).floats(weights);
        }
    }

    private static Task task(Wire.Reader from) {
        int kind = from.octet();
        return switch (kind) {
            case 0 -> new Task.ProfileTask();
            case 1 -> new Task.StatsTask(from.floats());
            case 2 -> new Task.TrainTask(from.floats(), from.wide(), from.flag(), from.list(Message::map));
            case 3 -> new Task.EvalTask(from.floats());
            default -> throw new Wire.Malformed("the kind of task is " + kind + ", expected 0 to 3");
        };
    }

    private static void put(Wire.Writer to, Reply reply) {
        switch (reply) {
            case Reply.ProfileReply(var profile) -> put(to.octet(0), profile);
            case Reply.StatsReply(var histogram, var records) ->
                to.octet(1).numbers(histogram).number(records);
            case Reply.TrainReply(var weights, var records, var steps, var loss, var reset) ->
                to.octet(2)
                        .floats(weights)
                        .number(records)
                        .number(steps)
                        .real(loss)
                        .flag(reset);
            case Reply.EvalReply(var counts) -> to.octet(3).wides(counts);
        }
    }

    private static Reply reply(Wire.Reader from) {
        int kind = from.octet();
        return switch (kind) {
            case 0 -> new Reply.ProfileReply(profile(from));
            case 1 -> new Reply.StatsReply(from.numbers(), from.number());
            case 2 -> new Reply.TrainReply(from.floats(), from.number(), from.number(), from.real(), from.flag());
            case 3 -> new Reply.EvalReply(from.wides());
            default -> throw new Wire.Malformed("the kind of reply is " + kind + ", expected 0 to 3");
        };
    }

    static void put(Wire.Writer to, ScoreMap map) {
        to.list(Arrays.asList(map.values()), Wire.Writer::floats).real(map.repair());
    }

    static ScoreMap map(Wire.Reader from) {
        return new ScoreMap(from.list(Wire.Reader::floats).toArray(float[][]::new), from.real());
    }

    static void put(Wire.Writer to, Terms terms) {
        SiteTable.Layout layout = terms.layout;
        to.text(layout.label())
                .text(layout.positive())
                .texts(layout.sensitive())
                .texts(layout.features())
                .flag(layout.sensitiveInInput())
                .real(layout.test())
                .wide(layout.seed())
                .number(layout.least());
        Local local = terms.local;
        to.number(terms.hidden)
                .real(terms.dropout)
                .number(local.batch())
                .real(local.learningRate())
                .real(local.weightDecay())
                .choice(local.memory())
                .flag(terms.keeps)
                .number(terms.steps)
                .choice(terms.pull)
                .real(terms.beta)
                .choice(terms.fairness)
                .number(terms.bins);
    }

    private static Terms terms(Wire.Reader from) {
        SiteTable.Layout layout = new SiteTable.Layout(
                from.text(),
                from.text(),
                from.texts(),
                from.texts(),
                from.flag(),
                from.real(),
                from.wide(),
                from.number());
        return new Terms(
                layout,
                from.number(),
                from.real(),
                new Local(from.number(), from.real(), from.real(), from.choice(Local.Memory.class)),
                from.flag(),
                from.number(),
                from.choice(Pull.class),
                from.real(),
                from.choice(BalanceSites.Fairness.class),
                from.number());
    }

    private static void put(Wire.Writer to, SiteTable.Profile profile) {
        to.number(profile.rows())
                .list(profile.columns(), Message::put)
                .list(profile.groups(), (w, cell) -> w.texts(cell.labels()).number(cell.rows()));
    }

    private static SiteTable.Profile profile(Wire.Reader from) {
        return new SiteTable.Profile(
                from.number(), from.list(Message::column), from.list(r -> new SiteTable.Cell(r.texts(), r.number())));
    }

    private static void put(Wire.Writer to, SiteTable.Column column) {
        to.text(column.name())
                .flag(column.number())
                .real(column.low())
                .real(column.high())
                .texts(column.texts());
    }

    private static SiteTable.Column column(Wire.Reader from) {
        return new SiteTable.Column(from.text(), from.flag(), from.real(), from.real(), from.texts());
    }

    static void put(Wire.Writer to, SiteTable.Agreement agreement) {
        to.list(agreement.columns(), Message::put)
                .list(
                        agreement.grouping(),
                        (w, g) -> w.texts(g.attributes())
                                .list(g.labels(), Wire.Writer::texts)
                                .numbers(g.cells())
                                .texts(g.names()));
    }

    static SiteTable.Agreement agreement(Wire.Reader from) {
        List<SiteTable.Column> columns = from.list(Message::column);
        List<Grouping> groupings = from.list(r -> {
            List<String> attributes = r.texts();
            List<List<String>> labels = new ArrayList<>(r.list(Wire.Reader::texts));
            return new Grouping(attributes, labels, r.numbers(), r.texts());
        });
        return new SiteTable.Agreement(columns, groupings);
    }
}
