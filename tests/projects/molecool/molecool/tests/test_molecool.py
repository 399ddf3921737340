import molecool


def test_the_angle_of_water():
    assert round(molecool.angle(*molecool.load("water").points)) == 104
