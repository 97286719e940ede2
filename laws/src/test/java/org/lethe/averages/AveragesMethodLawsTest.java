package org.lethe.averages;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.averages.Averages.Ages;
import org.lethe.averages.Averages.Average;
import org.lethe.averages.Averages.ForgetLast;
import org.lethe.laws.MethodLaws;

class AveragesMethodLawsTest extends MethodLaws<float[], Average> {
    @Override
    protected Subject<float[], Average> subject() {
        return new Averages();
    }

    @Override
    protected float[] data() {
        return new Ages(200, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Request> nothing() {
        return List.of(new ForgetLast(0));
    }
}
