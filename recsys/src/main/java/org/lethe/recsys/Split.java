package org.lethe.recsys;

import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.lethe.Check;

/**
 * Interactions divided for training, for stopping and for judging; the three share their users and items.
 *
 * @param train what the model learns from
 * @param validation what training stops on; may be empty, and then training runs its full number of epochs
 * @param test what the model is judged by, and nothing else
 */
public record Split(Interactions train, Interactions validation, Interactions test) {
    public Split {
        require(train, validation, "validation");
        require(train, test, "test");
    }

    private static void require(Interactions train, Interactions part, String name) {
        Check.require(
                part.users() == train.users() && part.items() == train.items(),
                name,
                part,
                "the users and items of train: " + train);
    }

    /** Number of users. */
    public int users() {
        return train.users();
    }

    /** Number of items. */
    public int items() {
        return train.items();
    }

    /** The same done to each of the three parts. */
    public Split each(UnaryOperator<Interactions> change) {
        return new Split(change.apply(train), change.apply(validation), change.apply(test));
    }

    /** Without the users for which a test holds, in all three parts; users and items keep their numbers. */
    public Split withoutUsers(IntPredicate drop) {
        return each(part -> part.withoutUsers(drop));
    }
}
