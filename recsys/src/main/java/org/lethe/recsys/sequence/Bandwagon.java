package org.lethe.recsys.sequence;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Fetch;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Injected;

/**
 * Another data set with a bandwagon attack: injected users whose sessions or baskets mix popular items with a few that the
 * attacker wants to sell (ERASE, "spam removal").
 *
 * <p>Of N users there are ⌈share·N / (1 − share)⌉ injected ones. Targets are drawn from the fifth of the items that is used
 * least, fillers from the fifth that is used most. An injected session has at least four clicks, 0.8 times the usual number
 * on average, and one target, or two from six clicks on, at 20 to 90 % of its length. An injected user of baskets has four
 * baskets with one target each. The published code draws lengths and gaps from fitted distributions; here they are
 * uniform, and gaps are a minute.
 *
 * @param of the data that is attacked
 * @param share of the injected users among all
 * @param targets items that the attacker wants to sell
 * @param seed of the attack
 */
@Named("bandwagon")
public record Bandwagon(DataSource<Events> of, double share, int targets, long seed) implements DataSource<Events> {
    private static final int BASKETS = 4;

    public Bandwagon {
        Check.require(share > 0 && share < 0.5, "share", share, "above 0 and below 0.5");
        Check.require(targets >= 1, "targets", targets, "at least 1");
    }

    /** Planted sessions with one injected user in a hundred, for 10 targets. */
    public Bandwagon() {
        this(new PlantedSessions(), 0.01, 10, 1);
    }

    @Override
    public Events load(DataFolders folders) {
        Events clean = of.load(folders);
        int users = clean.userCount();
        Keyed attack = Keyed.seed(seed).of("bandwagon");
        int[] count = new int[clean.itemCount()];
        for (int e = 0; e < clean.size(); e++) {
            count[clean.item(e)] += clean.trains(e) ? 1 : 0;
        }
        Injected injected = Injected.on(users, count, share, targets, attack);
        Growing growing = new Growing(clean, injected.users());
        for (int f = 0; f < injected.users(); f++) {
            growing.add(f, attack.of(f), injected.fillers(), injected.targets());
        }
        Events all = growing.events();
        return all.withUsers(Injected.markedUsers(all.users(), users)).withItems(injected.markedItems(all.items()));
    }

    /** The clean events with injected ones behind them. */
    private static final class Growing {
        private final Events clean;
        private final int perUser;
        private final int[] userOf;
        private final int[] group;
        private final int[] item;
        private final long[] time;
        private final double usual; // length of a group
        private final long begin;
        private final long end;
        private int groups;
        private int size;

        Growing(Events clean, int fakes) {
            this.clean = clean;
            perUser = clean.task() == Events.Task.SESSIONS ? 1 : BASKETS;
            usual = (double) clean.size() / clean.groupCount();
            int mean = Math.max(4, (int) Math.round(0.8 * usual));
            int more = Math.multiplyExact(Math.multiplyExact(fakes, perUser), 2 * mean);
            userOf = new int[clean.groupCount() + fakes * perUser];
            group = new int[clean.size() + more];
            item = new int[clean.size() + more];
            time = new long[clean.size() + more];
            long first = Long.MAX_VALUE;
            long last = Long.MIN_VALUE;
            for (int e = 0; e < clean.size(); e++) {
                group[e] = clean.group(e);
                item[e] = clean.item(e);
                time[e] = clean.time(e);
                if (clean.trains(e)) {
                    first = Math.min(first, time[e]);
                    last = Math.max(last, time[e]);
                }
            }
            for (int g = 0; g < clean.groupCount(); g++) {
                userOf[g] = clean.userOf(g);
            }
            begin = first;
            end = last;
            groups = clean.groupCount();
            size = clean.size();
        }

        void add(int fake, Keyed draw, int[] fillers, int[] targets) {
            for (int g = 0; g < perUser; g++) {
                Keyed here = draw.of(g);
                int length = Injected.length(usual, here.of("length").at(0));
                long start = begin + (long) (Keyed.unit(here.of("start").at(0)) * (end - begin));
                int first = place(length, here.of("place").at(0));
                int second = length >= 6 ? place(length, here.of("place").at(1)) : first;
                userOf[groups] = clean.userCount() + fake;
                int begins = size;
                for (int n = 0; n < length; n++) {
                    int[] from = n == first || n == second ? targets : fillers;
                    int chosen = from[Keyed.below(here.of("item").at(n), from.length)];
                    if (perUser > 1 && IntStream.range(begins, size).anyMatch(e -> item[e] == chosen)) {
                        continue; // a basket has no repeats
                    }
                    group[size] = groups;
                    item[size] = chosen;
                    time[size++] = perUser == 1 ? start + 60L * n : start;
                }
                groups++;
            }
        }

        private static int place(int length, long bits) {
            return (int) (length * (0.2 + 0.7 * Keyed.unit(bits)));
        }

        Events events() {
            int users = Arrays.stream(userOf).max().orElse(0) + 1;
            Events all = Events.of(
                    clean.task(),
                    userOf,
                    Arrays.copyOf(group, size),
                    Arrays.copyOf(item, size),
                    Arrays.copyOf(time, size),
                    Injected.longer(clean.users(), users, "injected user "),
                    Injected.longer(clean.groups(), groups, "injected group "),
                    clean.items());
            Events.Part[] parts = new Events.Part[size];
            Arrays.fill(parts, Events.Part.TRAIN);
            BitSet erased = new BitSet(size);
            for (int e = 0; e < clean.size(); e++) {
                parts[e] = clean.part(e);
                erased.set(e, !clean.holds(e));
            }
            return all.split(parts).without(erased);
        }
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return of.files(folders);
    }

    @Override
    public Optional<Fetch> publisher() {
        return of.publisher();
    }
}
